import { applyDecorators, type INestApplicationContext, UseInterceptors } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { NatsController, NatsLink, natsMicroservice } from '#libs/nats';
import { NatsTelemetry } from '#libs/telemetry';
import { IdempotentReplies } from './idempotent-replies.js';
import { IdsOnLogLines } from './ids-on-log-lines.js';

/** All processes of the API share the requests. */
const QUEUE = 'ems-api';

/**
 * Whatever is asked under these is answered, if only by a 404. Streams hold none of them: JetStream would take
 * its own acknowledgement for our reply.
 */
const namespaces = [
  'ems.clients.>',
  'ems.mailings.>',
  'ems.messages.>',
  'ems.providers.>',
  'ems.statistics.>',
];

/** What `connectMicroservice` takes to answer the service's subjects; see `docs/nats.md`. */
export function requestReply(app: INestApplicationContext): MicroserviceOptions {
  const { around } = app.get(NatsTelemetry);
  return natsMicroservice(app.get(NatsLink), { queue: QUEUE, namespaces, around });
}

/** Marks a class that answers one resource's subjects. */
export function RequestReply(): ClassDecorator {
  return applyDecorators(NatsController(), UseInterceptors(IdsOnLogLines, IdempotentReplies));
}
