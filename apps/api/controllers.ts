import { ClientsController } from './clients/clients.controller.js';
import { ClientsNatsController } from './clients/clients.nats.controller.js';
import { withKeyedPosts } from './http/keyed-posts.js';
import { MailingsController } from './mailings/mailings.controller.js';
import { MailingsNatsController } from './mailings/mailings.nats.controller.js';
import { MessagesController } from './messages/messages.controller.js';
import { MessagesNatsController } from './messages/messages.nats.controller.js';
import { ProvidersController } from './providers/providers.controller.js';
import { ProvidersNatsController } from './providers/providers.nats.controller.js';
import { StatisticsController } from './statistics/statistics.controller.js';
import { StatisticsNatsController } from './statistics/statistics.nats.controller.js';

/** Each resource over HTTP and over NATS; both call the same service. */
export const controllers = withKeyedPosts([
  ClientsController,
  ClientsNatsController,
  MailingsController,
  MailingsNatsController,
  MessagesController,
  MessagesNatsController,
  ProvidersController,
  ProvidersNatsController,
  StatisticsController,
  StatisticsNatsController,
]);
