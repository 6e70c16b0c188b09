export { type BreakerRow, type BreakerState, breakerStates, type Pause } from './breaker-row.js';
export { closeBreaker } from './close-breaker.js';
export { DEFAULT_PROVIDER } from './default-provider.js';
export { findBreaker } from './find-breaker.js';
export { openBreaker } from './open-breaker.js';
export { prolongOpenBreaker } from './prolong-open-breaker.js';
export { reopenBreaker } from './reopen-breaker.js';
export { type TakenProbe, takeProbe } from './take-probe.js';
