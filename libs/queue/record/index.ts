export { type AttemptOutcome, attemptOutcomes, attemptOutcomesInWords } from './attempt-outcome.js';
export type { RetrySource } from './choose-retry-batches.js';
export { type MessageOutcome, type OutcomeWriter, recordOutcomes } from './record-outcomes.js';
export { recordSentAndGrantSlice } from './record-sent-and-grant-slice.js';
