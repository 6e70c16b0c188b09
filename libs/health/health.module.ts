import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import type { HealthCheck } from './check.js';
import { HealthService, type MayKnowDetails } from './health.service.js';

export interface HealthModuleOptions extends Pick<ModuleMetadata, 'imports' | 'controllers'> {
  /** What `checks` is called with. */
  inject: NonNullable<FactoryProvider['inject']>;
  /** What the process looks at. */
  checks: (...dependencies: never[]) => HealthCheck[];
  /** Others are told states and classes only. */
  mayKnowDetails: MayKnowDetails;
}

const CHECKS = Symbol('health checks');

/** A process's own {@link HealthService}, for the controller that serves it. */
@Module({})
export class HealthModule {
  static forRoot(options: HealthModuleOptions): DynamicModule {
    const { imports = [], controllers = [], inject, checks, mayKnowDetails } = options;
    return {
      module: HealthModule,
      // Its own lines on each failed check would fill the log for as long as something is away.
      imports: [TerminusModule.forRoot({ logger: false }), ...imports],
      controllers,
      providers: [
        { provide: CHECKS, useFactory: checks as FactoryProvider['useFactory'], inject },
        {
          provide: HealthService,
          useFactory: (
            terminus: HealthCheckService,
            indicators: HealthIndicatorService,
            list: HealthCheck[],
          ) => new HealthService(terminus, indicators, list, mayKnowDetails),
          inject: [HealthCheckService, HealthIndicatorService, CHECKS],
        },
      ],
      exports: [HealthService],
    };
  }
}
