import { type DynamicModule, Module } from '@nestjs/common';
import type { ApiConfig } from '#libs/config';
import { ClientsModule } from '#libs/clients';
import { DatabaseModule } from '#libs/database';
import { IdempotencyModule } from '#libs/idempotency';
import { MailingsModule } from '#libs/mailings';
import { MessagesModule } from '#libs/messages';
import { NatsModule } from '#libs/nats';
import { ProvidersModule } from '#libs/providers';
import { StatisticsModule } from '#libs/statistics';
import { controllers } from './controllers.js';
import { operations } from './operations.js';

/**
 * The process that answers: REST and NATS request-reply over the same services. Left out on purpose: planning,
 * leasing and sending, so that no amount of sending slows an answer down.
 */
@Module({
  imports: [IdempotencyModule, MailingsModule, MessagesModule, ProvidersModule, StatisticsModule],
  controllers,
})
export class ApiModule {
  static forRoot(config: ApiConfig): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        ClientsModule.forRoot(config),
        DatabaseModule.forRoot({
          ...config.database,
          applicationName: 'ems-api',
          statementTimeoutMs: 15_000,
        }),
        NatsModule.forRoot({ ...config.nats, name: 'ems-api' }),
        ...operations(config),
      ],
    };
  }
}
