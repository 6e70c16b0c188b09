export { callerOf, rememberCaller } from './caller.js';
export { type GuessLimit, guessLimit, type WrongKeys } from './guess-limit.js';
export { type Claim, KeyRing } from './key-ring.js';
