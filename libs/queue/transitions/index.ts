export { afterChange, afterMove, COUNTER_SHARDS, returningChanged } from './after-change.js';
export { type MessageStatus, messageStatuses } from './message-status.js';
