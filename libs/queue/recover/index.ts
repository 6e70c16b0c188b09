export { closeSpentBatches } from './close-spent-batches.js';
export { finishMailings } from './finish-mailings.js';
export { findExpiredLeases, freeForgottenBatches } from './free-forgotten-batches.js';
export { moveBatchesToNextWindow } from './move-batches-to-next-window.js';
export { purgeDeletedMailings } from './purge-deleted-mailings.js';
export { reclaimAbandonedBatches } from './reclaim-abandoned-batches.js';
