import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { PrometheusController, PrometheusModule } from '@willsoto/nestjs-prometheus';
import { register } from 'prom-client';
import { HttpTelemetry } from './http-telemetry.js';
import { loggingModule, type LoggingOptions } from './logging.module.js';
import { NatsTelemetry } from './nats-telemetry.js';
import { RequestMetrics } from './request-metrics.js';

export interface TelemetryOptions extends LoggingOptions {
  /** What serves `/metrics`, if it is to be documented. */
  metrics?: Type<PrometheusController>;
}

/**
 * Logs and metrics of a process: `app.useLogger(app.get(Logger))` turns Nest's own lines into the same format,
 * and `/metrics` is served on the process's port.
 */
@Module({})
export class TelemetryModule {
  static forRoot(options: TelemetryOptions): DynamicModule {
    return {
      module: TelemetryModule,
      global: true,
      imports: [
        loggingModule(options),
        PrometheusModule.register({
          controller: options.metrics ?? PrometheusController,
          // They are the process's, so a second application in it (as in tests) has them already.
          defaultMetrics: { enabled: register.getSingleMetric('process_cpu_seconds_total') === undefined },
        }),
      ],
      providers: [RequestMetrics, HttpTelemetry, NatsTelemetry],
      exports: [RequestMetrics, NatsTelemetry],
    };
  }
}
