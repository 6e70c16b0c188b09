import { type DynamicModule, Module } from '@nestjs/common';
import { ControlBus } from './control-bus.js';
import { NatsLink, type NatsLinkOptions } from './nats-link.js';
import { WorkQueue } from './work-queue.js';

/** One connection and what speaks over it, for the whole process. */
@Module({})
export class NatsModule {
  static forRoot(options: NatsLinkOptions): DynamicModule {
    return {
      module: NatsModule,
      global: true,
      providers: [{ provide: NatsLink, useFactory: () => new NatsLink(options) }, ControlBus, WorkQueue],
      exports: [NatsLink, ControlBus, WorkQueue],
    };
  }
}
