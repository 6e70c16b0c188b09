import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import type { DispatcherConfig } from '#libs/config';
import { ProbeClient, ProviderClient } from '#libs/providers/kinds';
import { DispatcherMetrics } from '#libs/telemetry';
import { ControlListener } from './control/control.listener.js';
import { ControlWatcher } from './control/control-watcher.js';
import { ProviderProber } from './duties/provider-prober.js';
import { SliceGranter } from './grant/slice-granter.js';
import { UnrecordedCap } from './grant/unrecorded-cap.js';
import { ProviderBreaker } from './outlets/provider-breaker.js';
import { MailingPlanner } from './plan/mailing-planner.js';
import { MailingStarter } from './plan/mailing-starter.js';
import { PageWriter } from './plan/page-writer.js';
import { DatabaseClock } from './process/database-clock.js';
import { DISPATCHER_CONFIG } from './process/dispatcher-config.js';
import { DispatcherIdentity } from './process/dispatcher-identity.js';
import { DutyTicker } from './process/duty-ticker.js';
import { SendSwitch } from './process/send-switch.js';
import { OutcomeRecorder } from './record/outcome-recorder.js';
import { MessageSender } from './send/message-sender.js';
import { SendGate } from './send/send-gate.js';
import { BatchRunner } from './take/batch-runner.js';
import { BatchTaker } from './take/batch-taker.js';
import { LeaseKeeper } from './take/lease-keeper.js';
import { ProbeSender } from './take/probe-sender.js';
import { SendLanes } from './take/send-lanes.js';
import { ServingMemory } from './take/serving-memory.js';
import { UrgentLane } from './take/urgent-lane.js';
import { DispatcherLifecycle } from './dispatcher-lifecycle.js';
import { AbandonedBatchReclaimer } from './duties/abandoned-batch-reclaimer.js';
import { EngineGauges } from './duties/engine-gauges.js';
import { DeletedMailingPurger } from './duties/deleted-mailing-purger.js';
import { dutySchedule } from './duties/duty-schedule.js';
import { ExpiredKeyPurger } from './duties/expired-key-purger.js';
import { Heartbeat } from './duties/heartbeat.js';
import { MailingFinisher } from './duties/mailing-finisher.js';
import { SpentBatchCloser } from './duties/spent-batch-closer.js';
import { TicketPublisher } from './duties/ticket-publisher.js';

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
