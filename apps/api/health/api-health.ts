import type { DynamicModule } from '@nestjs/common';
import { callerOf } from '#libs/access';
import type { ApiConfig } from '#libs/config';
import { ReadSql, Sql } from '#libs/database';
import {
  HealthModule,
  migrationsCheck,
  natsCheck,
  postgresCheck,
  replicaChecks,
  workStreamCheck,
} from '#libs/health';
import { queueChecks } from '#libs/queue/watch';
import { NatsLink, WorkQueue } from '#libs/nats';
import { HealthController } from './health.controller.js';

/**
 * The API's health; it is ready as long as Postgres is. Details are for those with a key; without keys only this
 * machine is answered at all.
 */
export function apiHealth({ apiKeys }: ApiConfig): DynamicModule {
  return HealthModule.forRoot({
    controllers: [HealthController],
    mayKnowDetails: (request) => apiKeys.length === 0 || callerOf(request) !== undefined,
    inject: [Sql, ReadSql, NatsLink, WorkQueue],
    checks: (sql: Sql, readSql: ReadSql, link: NatsLink, queue: WorkQueue) => [
      postgresCheck(sql),
      migrationsCheck(sql),
      ...replicaChecks(sql, readSql),
      natsCheck(link),
      workStreamCheck(queue),
      ...queueChecks(sql),
    ],
  });
}
