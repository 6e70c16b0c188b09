import { type DynamicModule, Module } from '@nestjs/common';
import { ControlBus } from './control-bus.js';
import { NatsLink, type NatsLinkOptions } from './nats-link.js';
import { WorkQueue } from './work-queue.js';

export interface NatsModuleOptions extends NatsLinkOptions {
  /** Servers that are to keep the stream of tickets; 1 if not given. */
  replicas?: number;
}

/** One connection and what speaks over it, for the whole process. */
@Module({})
export class NatsModule {
  static forRoot({ replicas, ...options }: NatsModuleOptions): DynamicModule {
    return {
      module: NatsModule,
      global: true,
      providers: [
        { provide: NatsLink, useFactory: () => new NatsLink(options) },
        ControlBus,
        {
          provide: WorkQueue,
          useFactory: (link: NatsLink) => new WorkQueue(link, replicas),
          inject: [NatsLink],
        },
      ],
      exports: [NatsLink, ControlBus, WorkQueue],
    };
  }
}
