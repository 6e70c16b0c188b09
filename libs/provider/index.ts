export { classifyAnswer, type Answer } from './answer-classifier.js';
export { type Bounded, DeadlineTimer } from './deadline-timer.js';
export { classifyError, RequestWithdrawn, type Progress } from './error-classifier.js';
export { MAX_ERROR_LENGTH } from './error-line.js';
export { Exchange, MAX_ANSWER_BYTES, type Sending } from './exchange.js';
export { type Delivery, isSuspicion, type Outcome, type Suspicion } from './outcome.js';
export { ProviderClient, type ProviderClientOptions, type SendOptions } from './provider-client.js';
export type { SendRequest } from './request-body.js';
export { MAX_RETRY_AFTER_MS, retryAfterMs } from './retry-after.js';
