import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import type { DispatcherConfig } from '#libs/config';
import { ProbeClient, ProviderClient } from '#libs/providers/kinds';
import { DispatcherMetrics } from '#libs/telemetry';
import { ControlListener } from './control/control.listener.js';
import { ControlWatcher } from './control/control-watcher.js';
import { DatabaseClock } from './database-clock.js';
import { DISPATCHER_CONFIG } from './dispatcher-config.js';
import { DispatcherIdentity } from './dispatcher-identity.js';
import { DispatcherLifecycle } from './dispatcher-lifecycle.js';
import { AbandonedBatchReclaimer } from './duties/abandoned-batch-reclaimer.js';
import { EngineGauges } from './duties/engine-gauges.js';
import { DeletedMailingPurger } from './duties/deleted-mailing-purger.js';
import { dutySchedule } from './duties/duty-schedule.js';
import { DutyTicker } from './duties/duty-ticker.js';
import { ExpiredKeyPurger } from './duties/expired-key-purger.js';
import { Heartbeat } from './duties/heartbeat.js';
import { MailingFinisher } from './duties/mailing-finisher.js';
import { SpentBatchCloser } from './duties/spent-batch-closer.js';
import { TicketPublisher } from './duties/ticket-publisher.js';
import { MailingPlanner } from './planning/mailing-planner.js';
import { MailingStarter } from './planning/mailing-starter.js';
import { PageWriter } from './planning/page-writer.js';
import { SendSwitch } from './send-switch.js';
import { ProviderBreaker } from './provider/provider-breaker.js';
import { ProviderProber } from './provider/provider-prober.js';
import { BatchRunner } from './sending/batch-runner.js';
import { BatchTaker } from './sending/batch-taker.js';
import { LeaseKeeper } from './sending/lease-keeper.js';
import { MessageSender } from './sending/message-sender.js';
import { OutcomeRecorder } from './sending/outcome-recorder.js';
import { ProbeSender } from './sending/probe-sender.js';
import { SendGate } from './sending/send-gate.js';
import { SendLanes } from './sending/send-lanes.js';
import { ServingMemory } from './sending/serving-memory.js';
import { SliceGranter } from './sending/slice-granter.js';
import { UnrecordedCap } from './sending/unrecorded-cap.js';
import { UrgentLane } from './sending/urgent-lane.js';

const planning = [PageWriter, MailingPlanner, MailingStarter];
const sending = [
  SendLanes,
  UrgentLane,
  BatchTaker,
  ServingMemory,
  LeaseKeeper,
  BatchRunner,
  SliceGranter,
  MessageSender,
  SendGate,
  OutcomeRecorder,
];
const provider = [ProviderBreaker, ProviderProber, ProbeSender];
const duties = [
  DutyTicker,
  dutySchedule,
  Heartbeat,
  TicketPublisher,
  AbandonedBatchReclaimer,
  SpentBatchCloser,
  MailingFinisher,
  DeletedMailingPurger,
  ExpiredKeyPurger,
  EngineGauges,
];

/** Everything between a mailing that is due and its recorded outcomes. */
@Module({})
export class EngineModule {
  static forRoot(config: DispatcherConfig): DynamicModule {
    return {
      module: EngineModule,
      imports: [ScheduleModule.forRoot()],
      controllers: [ControlListener],
      providers: [
        { provide: DISPATCHER_CONFIG, useValue: config },
        { provide: UnrecordedCap, useFactory: () => new UnrecordedCap(config.maxUnrecorded) },
        {
          provide: ProviderClient,
          useFactory: () =>
            new ProbeClient({
              url: config.provider.url,
              token: config.provider.token,
              connections: config.provider.concurrency,
              timeoutMs: config.provider.timeoutMs,
            }),
        },
        DispatcherMetrics,
        DispatcherIdentity,
        DatabaseClock,
        SendSwitch,
        DispatcherLifecycle,
        ControlWatcher,
        ...planning,
        ...sending,
        ...provider,
        ...duties,
      ],
      exports: [DispatcherIdentity, ProviderBreaker],
    };
  }
}
