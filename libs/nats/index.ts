export { type AskOptions, ControlBus } from './control-bus.js';
export {
  type BreakerChanged,
  controlSubjects,
  type MailingChanged,
  type MailingConfirmed,
  type WitnessesRefuted,
} from './control-subjects.js';
export { NatsController } from './nats-controller.js';
export { NatsLink, type NatsLinkOptions } from './nats-link.js';
export {
  type NatsAnswer,
  natsMicroservice,
  type NatsRequest,
  type NatsTransportOptions,
} from './nats-transport.js';
export { NatsModule } from './nats.module.js';
export { RequestContext } from './request-context.js';
export type { FetchedTicket } from './ticket-pull.js';
export { type Ticket, WorkQueue } from './work-queue.js';
export type { WorkQueueState } from './work-stream-binding.js';
