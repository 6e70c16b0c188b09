import type { Sql, Statement } from '#libs/database';
import type { ControlBus } from '#libs/nats';
import type { Delivery, ProviderClient, Sending } from '#libs/providers/kinds';
import { DispatcherMetrics } from '#libs/telemetry';
import type { OpenBatch } from '../../apps/dispatcher/grant/open-batch.js';
import { SliceGranter } from '../../apps/dispatcher/grant/slice-granter.js';
import { UnrecordedCap } from '../../apps/dispatcher/grant/unrecorded-cap.js';
import { ProviderBreaker } from '../../apps/dispatcher/outlets/provider-breaker.js';
import { DatabaseClock } from '../../apps/dispatcher/process/database-clock.js';
import type { DispatcherIdentity } from '../../apps/dispatcher/process/dispatcher-identity.js';
import type { DutyTicker } from '../../apps/dispatcher/process/duty-ticker.js';
import { SendSwitch } from '../../apps/dispatcher/process/send-switch.js';
import { OutcomeRecorder } from '../../apps/dispatcher/record/outcome-recorder.js';
import { MessageSender } from '../../apps/dispatcher/send/message-sender.js';
import { SendGate } from '../../apps/dispatcher/send/send-gate.js';
import { BatchRunner } from '../../apps/dispatcher/take/batch-runner.js';
import { LeaseKeeper } from '../../apps/dispatcher/take/lease-keeper.js';
import type { QueueScenario } from './queue-scenario.js';
import { aConfig } from '../unit/dispatcher/dispatcher-fixture.js';

export const anyBatch = { recentMailings: [], fair: false };
export const accepted: Delivery = { outcome: { kind: 'accepted' }, latencyMs: 1 };

/** What a test does to a statement; it may fail instead of it, or after it. */
type Way = (run: () => Promise<object[]>, values: readonly unknown[]) => Promise<object[]>;

/** A dispatcher's sending path over Postgres, with a provider that answers when the test says so. */
export async function aSendingPath(scenario: QueueScenario, settings: Record<string, string> = {}) {
  const config = aConfig(settings);
  const { id, shard } = await scenario.dispatcher();
  const identity = { id, shard } as DispatcherIdentity;
  const ways = new Map<string, Way>();
  const sql = {
    query: (statement: Statement, values: readonly unknown[]) => {
      const run = () => scenario.sql.query(statement, values);
      return ways.get(statement.name)?.(run, values) ?? run();
    },
    transaction: (work) => scenario.sql.transaction(work),
  } as Sql;
  const clock = new DatabaseClock();
  const cap = new UnrecordedCap(config.maxUnrecorded);
  const sendSwitch = new SendSwitch();
  const gate = new SendGate(config, clock, sendSwitch);
  const onTheWire: ((delivery: Delivery) => void)[] = [];
  const client = {
    start: (_: unknown, sending: Sending) => onTheWire.push((delivery) => sending.settled(delivery)),
  } as unknown as ProviderClient;
  const bus = { announce: () => {} } as unknown as ControlBus;
  const recorder = new OutcomeRecorder(config, sql, identity, clock, new DispatcherMetrics(), cap);
  const ticker = { nudge: () => {} } as unknown as DutyTicker;
  const breaker = new ProviderBreaker(scenario.sql, bus, sendSwitch, ticker);
  const leases = new LeaseKeeper(config, sql, identity, clock, cap);
  const granter = new SliceGranter(config, sql, identity, clock);
  const sender = new MessageSender(config, client, gate, breaker, recorder);
  const runner = new BatchRunner(leases, granter, sender, gate, ticker);
  const take = async ({ probe = false } = {}): Promise<OpenBatch> => {
    const batch = await (probe
      ? leases.leaseToProbe({ recentMailings: [], anyone: true, unsuspectedFirst: true })
      : leases.leaseDue(anyBatch));
    if (!batch) throw new Error('There is nothing to take');
    return batch;
  };
  /** A batch with everything that it has to be granted. */
  const takeWhole = async () => {
    const batch = await take();
    batch.ungranted.add(await leases.findWaiting(batch));
    return batch;
  };
  return { id, ways, cap, onTheWire, recorder, leases, granter, sender, runner, take, takeWhole };
}
