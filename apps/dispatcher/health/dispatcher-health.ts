import type { DynamicModule } from '@nestjs/common';
import { HttpModule, HttpService } from '@nestjs/axios';
import { callerOf } from '#libs/access';
import { type DispatcherConfig, isLoopback } from '#libs/config';
import { Sql } from '#libs/database';
import {
  HealthModule,
  migrationsCheck,
  natsCheck,
  postgresCheck,
  reachabilityCheck,
  workStreamCheck,
} from '#libs/health';
import { queueChecks } from '#libs/queue/watch';
import { NatsLink, WorkQueue } from '#libs/nats';
import { adviceOn } from '#libs/providers/kinds';
import { HealthController } from './health.controller.js';

/**
 * The dispatcher's health; it is ready as long as Postgres is, for without it nothing may be sent. Details are for
 * those with a key of the service or, where it has none, for this machine.
 */
export function dispatcherHealth(config: DispatcherConfig): DynamicModule {
  return HealthModule.forRoot({
    mayKnowDetails: (request) =>
      config.apiKeys.length === 0 ? isLoopback(config.host) : callerOf(request) !== undefined,
    imports: [HttpModule],
    controllers: [HealthController],
    inject: [Sql, NatsLink, WorkQueue, HttpService],
    checks: (sql: Sql, link: NatsLink, queue: WorkQueue, http: HttpService) => [
      postgresCheck(sql),
      migrationsCheck(sql),
      natsCheck(link),
      workStreamCheck(queue),
      reachabilityCheck('provider', http, config.provider.url, adviceOn),
      ...queueChecks(sql),
    ],
  });
}
