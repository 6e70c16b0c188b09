import { type DynamicModule, Module } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { NatsModule } from '#libs/nats';
import { TelemetryModule } from '#libs/telemetry';
import { EngineModule } from './engine.module.js';
import { dispatcherHealth } from './health/dispatcher-health.js';
import { SqlModule } from './sql.module.js';

/**
 * The process that plans, leases and sends. Left out on purpose: the REST API and its key guard, TypeORM's
 * repositories (the sending path is hand-written SQL), and anything that needs a request to answer.
 */
@Module({})
export class DispatcherModule {
  static forRoot(config: DispatcherConfig): DynamicModule {
    return {
      module: DispatcherModule,
      imports: [
        SqlModule.forRoot(config),
        NatsModule.forRoot({ ...config.nats, name: 'ems-dispatcher' }),
        TelemetryModule.forRoot({ app: 'dispatcher', log: config.log, secrets: secretsOf(config) }),
        EngineModule.forRoot(config),
        dispatcherHealth(config),
      ],
    };
  }
}

function secretsOf({ provider, apiKeys }: DispatcherConfig): string[] {
  return [provider.token, ...apiKeys.map(({ key }) => key)];
}
