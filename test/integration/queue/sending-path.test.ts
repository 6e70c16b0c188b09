import { afterEach, describe, expect, test, vi } from 'vitest';
import { openBreaker, takeProbe } from '#libs/providers/breaker';
import type { OpenBatch } from '../../../apps/dispatcher/grant/open-batch.js';
import { setup } from '../../support/queue-scenario.js';
import { accepted, anyBatch, aSendingPath } from '../../support/sending-path.js';

afterEach(() => {
  vi.useRealTimers();
});

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
      await vi.waitFor(() => expect(onTheWire).toHaveLength(8), { timeout: 60_000, interval: 5 });
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
    expect(await path.leases.leaseDue(anyBatch)).toBeUndefined();
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
    await openBreaker(sql, 1, { reason: 'unreachable', retryInMs: 0 });
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
    sender.handBack(batch.stopGranting());
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
    expect(batch.tally).toMatchObject({ accepted: 2, returned: 2 });
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

describe('one recipient in trouble', () => {
  const forbidden = {
    outcome: { kind: 'misconfigured', httpStatus: 403, error: 'HTTP 403' },
    latencyMs: 1,
  } as const;

  test('waits elsewhere, and its answer counts once another one is served that started after it', async () => {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 3 });
    const { onTheWire, runner, recorder, take } = await aSendingPath(scenario, { PROVIDER_CONCURRENCY: '1' });
    const finished = runner.run(await take()).then(() => runner.finished());
    for (const delivery of [forbidden, accepted, accepted]) {
      await vi.waitFor(() => expect(onTheWire).toHaveLength(1), { interval: 5 });
      onTheWire.shift()?.(delivery);
    }
    await finished;
    await recorder.flush();
    expect(await scenario.messages(mailing)).toMatchObject([
      { status: 'pending', attempts: 1, lastError: 'HTTP 403' },
      { status: 'sent' },
      { status: 'sent' },
    ]);
  });

  test('is not the next one to be probed with', async () => {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 20 });
    await scenario.run(
      'UPDATE messages SET suspicions = 1 WHERE client_id <> (SELECT max(client_id) FROM messages)',
    );
    const { id, onTheWire, runner, take } = await aSendingPath(scenario);
    await openBreaker(scenario.sql, 1, { reason: 'misconfigured: HTTP 403', retryInMs: 0 });
    await takeProbe(scenario.sql, 1, id, 5_000);
    const probed = runner.probe(await take({ probe: true }));
    await vi.waitFor(() => expect(onTheWire).toHaveLength(1), { interval: 5 });
    onTheWire.shift()?.(accepted);
    expect(await probed).toEqual({ outcome: { kind: 'accepted' }, wasUnsuspected: true });
    const next = runner.probe(await take({ probe: true }));
    await vi.waitFor(() => expect(onTheWire).toHaveLength(1), { interval: 5 });
    onTheWire.shift()?.({ outcome: { kind: 'notSent', error: 'ECONNREFUSED' }, latencyMs: 1 });
    expect(await next, 'there is nobody else').toMatchObject({ wasUnsuspected: false });
    expect((await scenario.messages(mailing)).map(({ status }) => status)).toEqual([
      ...Array.from({ length: 19 }, () => 'pending'),
      'sent',
    ]);
  });
});
