export type { AttemptOutcome } from './attempt-outcome.js';
export * from './abandoned-batches.js';
export * from './batch-lease.js';
export * from './batch-tickets.js';
export * from './breaker-pause.js';
export * from './breaker-row.js';
export * from './client-messages-canceller.js';
export * from './control-changes.js';
export { COUNTER_SHARDS } from './counter-changes.js';
export * from './deleted-mailings.js';
export * from './dispatcher-registry.js';
export * from './due-backlog.js';
export * from './finished-mailings.js';
export * from './forgotten-batches.js';
export type { LeasedBatch } from './leased-batch.js';
export * from './mailing-plan.js';
export * from './message-status.js';
export * from './outcome-recording.js';
export * from './outranked-ticket.js';
export * from './paced-grant.js';
export { leaseBatchToProbe, type ProbeOrder } from './probe-lease.js';
export { excludePlanning } from './planning-lock.js';
export { queueChecks } from './queue-health.js';
export type { RetryBatches, RetrySource } from './retry-batches.js';
export { recordSentAndGrantSlice } from './sent-and-granted.js';
export { type Grant, grantSlice, type SliceRequest } from './slice-grant.js';
export * from './spent-batches.js';
export * from './waiting-messages.js';
export {
  AttemptDto,
  MessageDto,
  MessagePageDto,
  MessagesQuery,
  MessageWithAttemptsDto,
} from './message.dto.js';
export * from './message-resolution.js';
export { MessageResolver } from './message-resolver.js';
export { ResolvedMessagesDto, ResolveMessageDto, ResolveMessagesDto } from './resolution.dto.js';
export { MessagesModule } from './messages.module.js';
export { MessagesService } from './messages.service.js';
