import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Sql, Statement } from '#libs/database';
import { openBreaker, takeProbe } from '#libs/messages';
import type { ControlBus } from '#libs/nats';
import type { Delivery, ProviderClient, Sending } from '#libs/provider';
import { DispatcherMetrics } from '#libs/telemetry';
import { DatabaseClock } from '../../../apps/dispatcher/database-clock.js';
import type { DispatcherIdentity } from '../../../apps/dispatcher/dispatcher-identity.js';
import { ProviderBreaker } from '../../../apps/dispatcher/provider/provider-breaker.js';
import { BatchRunner } from '../../../apps/dispatcher/sending/batch-runner.js';
import { LeaseHolder } from '../../../apps/dispatcher/sending/lease-holder.js';
import { MessageSender } from '../../../apps/dispatcher/sending/message-sender.js';
import type { OpenBatch } from '../../../apps/dispatcher/sending/open-batch.js';
import { OutcomeRecorder } from '../../../apps/dispatcher/sending/outcome-recorder.js';
import { SendGate } from '../../../apps/dispatcher/sending/send-gate.js';
import { SliceGranter } from '../../../apps/dispatcher/sending/slice-granter.js';
import { UnrecordedCap } from '../../../apps/dispatcher/sending/unrecorded-cap.js';
import { unknown } from '../../support/message-outcomes.js';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';
import { aConfig } from '../../unit/dispatcher/dispatcher-fixture.js';

afterEach(() => {
  vi.useRealTimers();
});

const anyBatch = { recentMailings: [], fair: false };
const accepted: Delivery = { outcome: { kind: 'accepted' }, latencyMs: 1 };

/** What a test does to a statement; it may fail instead of it, or after it. */
type Way = (run: () => Promise<object[]>, values: readonly unknown[]) => Promise<object[]>;

/** A dispatcher's sending path over Postgres, with a provider that answers when the test says so. */
async function aSendingPath(scenario: QueueScenario, settings: Record<string, string> = {}) {
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
  const gate = new SendGate(config, clock);
  const onTheWire: ((delivery: Delivery) => void)[] = [];
  const client = {
    start: (_: unknown, sending: Sending) => onTheWire.push((delivery) => sending.settled(delivery)),
  } as unknown as ProviderClient;
  const bus = { announce: () => {} } as unknown as ControlBus;
  const recorder = new OutcomeRecorder(config, sql, identity, clock, new DispatcherMetrics(), cap);
  const breaker = new ProviderBreaker(scenario.sql, bus, gate);
  const leases = new LeaseHolder(config, sql, identity, clock, cap);
  const granter = new SliceGranter(config, sql, identity, clock, cap);
  const sender = new MessageSender(config, client, gate, breaker, recorder);
  const runner = new BatchRunner(leases, granter, sender, gate);
  const take = async ({ probe = false } = {}): Promise<OpenBatch> => {
    const batch = await leases.takeDue(anyBatch, probe);
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

describe('a mailing of which the limit is taken away while slots are asked for', () => {
  test('and that is limited again, has its rate again', async () => {
    const scenario = await setup();
    const { run } = scenario;
    const { ways, onTheWire, runner, take } = await aSendingPath(scenario);
    const asked: number[] = [];
    for (const round of ['taken away', 'set again']) {
      const mailing = await scenario.aPlannedMailing({ count: 8 });
      await run('UPDATE mailings SET rate_limit = 1000 WHERE id = $1', [mailing]);
      ways.set('grant-paced-slice', async (grant, [, , , ids]) => {
        asked.push(String(ids).split(',').length);
        if (round === 'taken away') await run('UPDATE mailings SET rate_limit = NULL');
        return grant();
      });
      const finished = runner.run(await take()).then(() => runner.finished());
      await vi.waitFor(() => expect(onTheWire).toHaveLength(8), { timeout: 5_000, interval: 5 });
      for (const answer of onTheWire.splice(0)) answer(accepted);
      await finished;
    }
    expect(asked.slice(0, 2)).toEqual([8, 8]);
  });
});

describe('a mailing with a batch that waits for its slots', () => {
  /** Two batches of a mailing, and a dispatcher that has the first one wait aside. */
  async function oneAside() {
    const scenario = await setup();
    // One more than a batch holds.
    const mailing = await scenario.aPlannedMailing({ count: 501 });
    await scenario.run('UPDATE mailings SET rate_limit = 10 WHERE id = $1', [mailing]);
    const path = await aSendingPath(scenario);
    const batch = await path.takeWhole();
    batch.aside = true;
    expect(path.leases.waitingMailings).toEqual([mailing]);
    expect(await path.leases.takeDue(anyBatch)).toBeUndefined();
    return { ...scenario, ...path, mailing, batch };
  }

  test('has its next one taken when that grants no more, though it is not drained yet', async () => {
    const { leases, batch, mailing, take } = await oneAside();
    batch.granted(1);
    batch.stopGranting();
    expect(leases.waitingMailings).toEqual([]);
    expect(await take()).toMatchObject({ mailingId: mailing });
  });

  test('may be probed with', async () => {
    const { sql, id, mailing, take } = await oneAside();
    await openBreaker(sql, 1, 'unreachable', 0);
    expect(await takeProbe(sql, 1, id, 5_000)).toBeDefined();
    expect(await take({ probe: true })).toMatchObject({ mailingId: mailing });
  });
});

describe('what comes too late in a batch that grants no more', () => {
  /** Of four messages of a holding mailing two are on the wire. */
  async function twoOnTheWire() {
    vi.useFakeTimers({ toFake: ['performance'] });
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 4, onAmbiguous: 'hold' });
    const path = await aSendingPath(scenario, { PROVIDER_CONCURRENCY: '2' });
    /** Whether each message is in the batch still, and so in doubt if this process died. */
    const inBatch = async ({ id }: OpenBatch) =>
      (await scenario.messages(mailing)).map((row) => row.status === 'pending' && row.batchId === id);
    /** The two that wait for a connection find one when their permission has run out. */
    const answerLate = () => {
      expect(path.onTheWire).toHaveLength(2);
      vi.advanceTimersByTime(1_100);
      path.onTheWire[0]?.(accepted);
    };
    return { ...scenario, ...path, mailing, inBatch, answerLate };
  }

  test('leaves a holding batch for another one before its place is free', async () => {
    const { takeWhole, granter, sender, recorder, cap, inBatch, answerLate, onTheWire } =
      await twoOnTheWire();
    const batch = await takeWhole();
    const granted = await granter.grantNext(batch, 4, () => true);
    sender.send(granted?.messages ?? []);
    sender.leave(batch.stopGranting());
    answerLate();
    await Promise.resolve();
    await Promise.resolve();
    expect(cap.unrecorded).toBe(4);
    expect(await inBatch(batch)).toEqual([true, true, true, true]);
    await recorder.flush();
    expect(cap.unrecorded).toBe(1);
    expect(await inBatch(batch)).toEqual([false, true, false, false]);

    onTheWire[1]?.(accepted);
    await batch.drained;
    expect(batch.tally).toMatchObject({ accepted: 2, 'not sent': 2 });
    expect(cap.unrecorded).toBe(0);
  });

  test('does so when it waits for its next grant at that moment', async () => {
    const { take, runner, cap, ways, inBatch, answerLate, onTheWire } = await twoOnTheWire();
    const batch = await take();
    const freed = runner.run(batch);
    await vi.waitFor(() => expect(onTheWire).toHaveLength(2), { interval: 5 });
    ways.set('grant-slice', () => Promise.reject(new Error('Postgres is away')));
    answerLate();
    await freed;
    await vi.waitFor(async () => expect(await inBatch(batch)).toEqual([false, true, false, false]), {
      interval: 5,
    });
    await vi.waitFor(() => expect(cap.unrecorded).toBe(1), { interval: 5 });

    onTheWire[1]?.(accepted);
    await runner.finished();
    expect(cap.unrecorded).toBe(0);
  });
});

describe('a grant', () => {
  async function aBatch() {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 3, onAmbiguous: 'hold' });
    const path = await aSendingPath(scenario);
    return { ...scenario, ...path, mailing, batch: await path.takeWhole() };
  }

  test.each(['release', 'abandon'] as const)(
    'of which the answer is lost keeps its places until the %s of its batch',
    async (ending) => {
      const { ways, granter, leases, cap, batch } = await aBatch();
      ways.set('grant-slice', async (grant) => {
        await grant();
        throw new Error('the connection was cut');
      });
      await expect(granter.grantNext(batch, 9, () => true)).rejects.toThrow('cut');
      expect(cap.unrecorded).toBe(3);
      expect(batch.ungranted.size).toBe(3);
      expect(batch.isSettled, 'nothing will be answered').toBe(true);

      await leases[ending](batch, 0);
      expect(cap.unrecorded).toBe(0);
    },
  );

  test('that was refused gives its places back at once', async () => {
    const { granter, setStatus, mailing, cap, batch } = await aBatch();
    await setStatus(mailing, 'paused');
    expect(await granter.grantNext(batch, 9, () => true)).toBeUndefined();
    expect(cap.unrecorded).toBe(0);
    expect(batch.ungranted.size).toBe(3);
  });
});

describe('a grant that waits for places', () => {
  const settings = { GRANT_SIZE: '2', MAX_UNRECORDED: '2', FLUSH_MS: '200' };
  const both = 'record-sent-and-grant-slice';

  /** Of a batch of four, two messages are on the wire and two wait for places under the cap. */
  async function twoOfFour(given?: { scenario: QueueScenario; mailing: number }) {
    const scenario = given?.scenario ?? (await setup());
    const mailing = given?.mailing ?? (await scenario.aPlannedMailing({ count: 4 }));
    const path = await aSendingPath(scenario, settings);
    const asked: string[] = [];
    for (const name of ['grant-slice', 'record-sent', 'record-outcomes', both]) {
      path.ways.set(name, (run) => {
        asked.push(name);
        return run();
      });
    }
    const batch = await path.take();
    const freed = path.runner.run(batch);
    await vi.waitFor(() => expect(path.onTheWire).toHaveLength(2), { interval: 5 });
    const answer = (delivery: Delivery) => {
      for (const settle of path.onTheWire.splice(0)) settle(delivery);
    };
    /** Everything is accepted. */
    const finish = async () => {
      await vi.waitFor(() => expect(path.onTheWire).toHaveLength(2), { timeout: 5_000, interval: 5 });
      answer(accepted);
      await freed;
      await path.runner.finished();
    };
    return { ...scenario, ...path, mailing, batch, freed, asked, answer, finish };
  }

  test('is made by the statement that frees them', async () => {
    const { asked, answer, finish, statuses, mailing, cap } = await twoOfFour();
    answer(accepted);
    await finish();

    expect(asked).toEqual(['grant-slice', both, 'record-sent']);
    expect(await statuses(mailing)).toEqual({ sent: 4 });
    expect(cap.unrecorded).toBe(0);
  });

  test('goes alone when something was not accepted', async () => {
    const { asked, onTheWire, finish, statuses, mailing } = await twoOfFour();
    const [one, two] = onTheWire.splice(0);
    one?.({ outcome: { kind: 'refused', httpStatus: 422, error: 'no such number' }, latencyMs: 1 });
    two?.(accepted);
    await finish();

    expect(asked).toEqual(['grant-slice', 'record-sent', 'record-outcomes', 'grant-slice', 'record-sent']);
    expect(await statuses(mailing)).toEqual({ failed: 1, sent: 3 });
  });

  test('is asked for once only when its answer is lost, and what was accepted is recorded all the same', async () => {
    const { ways, answer, freed, runner, statuses, mailing, cap, batch } = await twoOfFour();
    ways.set(both, async (run) => {
      await run();
      throw new Error('the connection was cut');
    });
    answer(accepted);
    await freed;
    await runner.finished();

    expect(await statuses(mailing)).toEqual({ pending: 2, sent: 2 });
    expect(batch.ungranted.size, 'it may be granted').toBe(2);
    expect(cap.unrecorded).toBe(0);
  });

  test('sends nothing when it is refused, and what was accepted is recorded all the same', async () => {
    const { answer, freed, runner, statuses, setStatus, mailing, cap, onTheWire, asked } = await twoOfFour();
    await setStatus(mailing, 'paused');
    answer(accepted);
    await freed;
    await runner.finished();

    expect(asked, 'by itself it is refused for good').toEqual(['grant-slice', both, 'grant-slice']);
    expect(await statuses(mailing)).toEqual({ pending: 2, sent: 2 });
    expect(onTheWire).toEqual([]);
    expect(cap.unrecorded).toBe(0);
  });

  test('leaves it to the statement for every status to record what is not pending any more', async () => {
    const { dispatcher, messages, batch, asked, answer, finish, statuses, mailing } = await twoOfFour();
    const [first] = await messages(mailing);
    const another = await dispatcher();
    await another.record(unknown(batch, { id: first?.id ?? 0 }));
    asked.length = 0;
    answer(accepted);
    await finish();

    expect(asked).toEqual([both, 'record-sent', 'record-outcomes', 'grant-slice', 'record-sent']);
    expect(await statuses(mailing)).toEqual({ sent: 4 });
  });

  test('goes alone when one of its messages is in doubt: that may be what is recorded', async () => {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 4 });
    await scenario.run(
      `UPDATE messages SET in_doubt_since = ems_now() WHERE id = (SELECT max(id) FROM messages)`,
    );
    const { asked, answer, finish } = await twoOfFour({ scenario, mailing });
    answer(accepted);
    await finish();

    expect(asked).toEqual(['grant-slice', 'record-sent', 'grant-slice', 'record-sent']);
    expect(await scenario.statuses(mailing)).toEqual({ sent: 4 });
  });
});
