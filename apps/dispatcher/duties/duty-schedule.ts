import type { FactoryProvider } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { ControlWatcher } from '../control/control-watcher.js';
import { ProviderBreaker } from '../outlets/provider-breaker.js';
import { MailingPlanner } from '../plan/mailing-planner.js';
import { MailingStarter } from '../plan/mailing-starter.js';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import type { Tick } from '../process/duty-ticker.js';
import { LeaseKeeper } from '../take/lease-keeper.js';
import { UrgentLane } from '../take/urgent-lane.js';
import { ProviderProber } from './provider-prober.js';
import { AbandonedBatchReclaimer } from './abandoned-batch-reclaimer.js';
import { EngineGauges } from './engine-gauges.js';
import { DeletedMailingPurger } from './deleted-mailing-purger.js';
import { ExpiredKeyPurger } from './expired-key-purger.js';
import { Heartbeat } from './heartbeat.js';
import { MailingFinisher } from './mailing-finisher.js';
import { SpentBatchCloser } from './spent-batch-closer.js';
import { TicketPublisher } from './ticket-publisher.js';

/** Injects every duty with its interval. */
export const DUTY_SCHEDULE = Symbol('DutySchedule');

/** Keeps a tick's result type while it is written, and drops it for the list. */
const tick = <Result>(one: Tick<Result>): Tick => one;

/** What a dispatcher does besides sending, and how often (milliseconds). Hints make most of it come sooner. */
export const dutySchedule: FactoryProvider<Tick[]> = {
  provide: DUTY_SCHEDULE,
  inject: [
    DISPATCHER_CONFIG,
    Heartbeat,
    ControlWatcher,
    ProviderBreaker,
    ProviderProber,
    MailingStarter,
    MailingPlanner,
    TicketPublisher,
    UrgentLane,
    LeaseKeeper,
    AbandonedBatchReclaimer,
    SpentBatchCloser,
    MailingFinisher,
    DeletedMailingPurger,
    ExpiredKeyPurger,
    EngineGauges,
  ],
  useFactory: (
    config: DispatcherConfig,
    heartbeat: Heartbeat,
    controlWatcher: ControlWatcher,
    breaker: ProviderBreaker,
    prober: ProviderProber,
    starter: MailingStarter,
    planner: MailingPlanner,
    tickets: TicketPublisher,
    urgentLane: UrgentLane,
    leases: LeaseKeeper,
    reclaimer: AbandonedBatchReclaimer,
    closer: SpentBatchCloser,
    finisher: MailingFinisher,
    purger: DeletedMailingPurger,
    keyPurger: ExpiredKeyPurger,
    gauges: EngineGauges,
  ) => [
    tick({ name: 'heartbeat', everyMs: Math.min(1_000, config.ownerSilenceMs / 5), duty: heartbeat }),
    tick({ name: 'control-watcher', everyMs: 500, duty: controlWatcher }),
    tick({ name: 'provider-breaker', everyMs: 500, duty: breaker }),
    tick({
      name: 'provider-prober',
      everyMs: 250,
      duty: prober,
      again: (result) => result === 'in doubt',
      wakes: (result) => (result === 'answered' ? ['ticket-publisher'] : []),
    }),
    tick({
      name: 'mailing-starter',
      everyMs: 250,
      duty: starter,
      again: (step) => step.more,
      wakes: (step) => (step.page ? ['urgent-lane', 'ticket-publisher', 'mailing-planner'] : []),
    }),
    tick({
      name: 'mailing-planner',
      everyMs: 250,
      duty: planner,
      again: (step) => step.more,
      wakes: (step) => (step.page ? ['ticket-publisher'] : []),
    }),
    tick({ name: 'ticket-publisher', everyMs: 250, duty: tickets }),
    tick({ name: 'urgent-lane', everyMs: 250, duty: urgentLane, again: ({ ran }) => ran }),
    tick({ name: 'lease-keeper', everyMs: config.leaseMs / 6, duty: leases }),
    tick({ name: 'abandoned-batch-reclaimer', everyMs: 1_000, duty: reclaimer }),
    tick({
      name: 'spent-batch-closer',
      everyMs: 500,
      duty: closer,
      again: ({ closed, moved }) => closed > 0 || moved > 0,
      wakes: ({ closed }) => (closed > 0 ? ['mailing-finisher'] : []),
    }),
    tick({ name: 'mailing-finisher', everyMs: 500, duty: finisher }),
    tick({
      name: 'deleted-mailing-purger',
      everyMs: 5_000,
      duty: purger,
      again: ({ purged }) => purged > 0,
    }),
    tick({
      name: 'expired-key-purger',
      everyMs: 60_000,
      duty: keyPurger,
      again: ({ purged }) => purged > 0,
    }),
    tick({ name: 'engine-gauges', everyMs: 5_000, duty: gauges }),
  ],
};
