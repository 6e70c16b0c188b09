export { IdempotencyModule } from './idempotency.module.js';
export { HEADER, REPLAYED_HEADER, readKey } from './idempotency-key.js';
export { purgeExpiredKeys } from './expired-keys.js';
export { IdempotentCalls, type KeyedCall, type Outcome } from './idempotent-calls.js';
export type { KeptAnswer } from './kept-answers.js';
export { isRepeatable, Repeatable } from './repeatable.js';
