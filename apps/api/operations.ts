import type { DynamicModule } from '@nestjs/common';
import type { ApiConfig } from '#libs/config';
import { TelemetryModule } from '#libs/telemetry';
import { apiHealth } from './health/api-health.js';
import { MetricsController } from './metrics/metrics.controller.js';

/** What operators see of the process: logs, `/metrics` and `/health`. */
export function operations(config: ApiConfig): DynamicModule[] {
  const { log, apiKeys } = config;
  return [
    TelemetryModule.forRoot({
      app: 'api',
      log,
      secrets: apiKeys.map(({ key }) => key),
      metrics: MetricsController,
    }),
    apiHealth(config),
  ];
}
