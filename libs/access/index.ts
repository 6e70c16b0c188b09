export { callerOf, rememberCaller } from './caller.js';
export { type GuessLimit, guessLimit, type WrongKeys } from './guess-limit.js';
export { keyCheck, type Openness, tellsByKey } from './key-check.js';
export { type Claim, KeyRing } from './key-ring.js';
