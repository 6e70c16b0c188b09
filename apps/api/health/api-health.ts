import type { DynamicModule } from '@nestjs/common';
import { ReadSql, Sql } from '#libs/database';
import {
  HealthModule,
  migrationsCheck,
  natsCheck,
  postgresCheck,
  replicaChecks,
  workStreamCheck,
} from '#libs/health';
import { queueChecks } from '#libs/messages';
import { NatsLink, WorkQueue } from '#libs/nats';
import { HealthController } from './health.controller.js';

/** The API's health; it is ready as long as Postgres is. */
export const apiHealth: DynamicModule = HealthModule.forRoot({
  controllers: [HealthController],
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
