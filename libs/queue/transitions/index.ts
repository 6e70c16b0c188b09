export { countChanges, COUNTER_SHARDS, countMoves } from './counter-changes.js';
export { type MessageStatus, messageStatuses } from './message-status.js';
