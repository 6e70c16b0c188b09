import { describe, expect, test } from 'vitest';
import { closeBreaker, openBreaker, takeProbe } from '#libs/providers/breaker';
import { sent } from '../../support/message-outcomes.js';
import { setup } from '../../support/queue-scenario.js';

/** One planned mailing of one batch, and a dispatcher. */
async function aBatch(given: Parameters<Awaited<ReturnType<typeof setup>>['aPlannedMailing']>[0] = {}) {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing(given);
  const [batch] = await scenario.batches(mailing);
  if (!batch) throw new Error('Nothing was planned');
  return {
    ...scenario,
    mailing,
    batch,
    one: await scenario.dispatcher(),
    other: await scenario.dispatcher(),
  };
}

describe('a due batch', () => {
  test('is leased with all that sending it takes', async () => {
    const { run, mailing, batch, one, batches, now } = await aBatch({ count: 3, endsIn: '1h' });
    const before = await now();
    const leased = await one.lease();
    const after = await now();

    const [row] = await run<{ end: Date }>('SELECT end_at AS end FROM mailings');
    expect(leased).toMatchObject({
      id: batch.id,
      mailingId: mailing,
      providerId: 1,
      fence: 1,
      timezone: null,
      notBefore: -Infinity,
      notAfter: Infinity,
      text: 'Hello',
    });
    expect(leased?.endAt).toBeCloseTo(row?.end.getTime() ?? 0, -1);
    expect(leased?.now).toBeGreaterThanOrEqual(before);
    expect(leased?.now).toBeLessThanOrEqual(after);
    const [held] = await batches(mailing);
    expect(held).toMatchObject({
      state: 'leased',
      owner: one.id,
      fence: 1,
      grantedUpto: 0,
      ticketedUntil: null,
    });
    expect(Number(held?.leaseUntil)).toBeCloseTo((leased?.now ?? 0) + 30_000, -1);
    expect(await one.waiting({ id: batch.id, fence: 1 })).toMatchObject([
      { attempts: 0 },
      { attempts: 0 },
      { attempts: 0 },
    ]);
  });

  test('is leased by one of many who want it, by ticket or without', async () => {
    const { dispatcher, batch } = await aBatch();
    const dispatchers = await Promise.all(Array.from({ length: 8 }, dispatcher));

    const leases = await Promise.all(
      dispatchers.map((each, index) =>
        index % 2 ? each.lease() : each.leaseTicketed({ id: batch.id, fence: 0 }),
      ),
    );

    expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
    expect(await dispatchers[0]?.lease()).toBeUndefined();
  });

  test('is not leased by a ticket of an earlier fence', async () => {
    const { batch, one, other } = await aBatch();
    const leased = await one.leaseTicketed({ id: batch.id, fence: 0 });
    expect(leased?.fence).toBe(1);
    await one.release({ id: batch.id, fence: 1 });

    expect(await other.leaseTicketed({ id: batch.id, fence: 0 })).toBeUndefined();
    expect(await other.leaseTicketed({ id: batch.id, fence: 1 })).toMatchObject({ fence: 2 });
  });
});

/** Why nobody may have the batch; each undone by nothing but what is named. */
const obstacles: [why: string, (scenario: Awaited<ReturnType<typeof aBatch>>) => Promise<unknown>][] = [
  ['it is not due', ({ run }) => run(`UPDATE batches SET due_at = ems_now() + interval '1s'`)],
  ['it is done', ({ run }) => run(`UPDATE batches SET state = 'done'`)],
  ['the mailing is paused', ({ mailing, setStatus }) => setStatus(mailing, 'paused')],
  ['the mailing is cancelled', ({ mailing, setStatus }) => setStatus(mailing, 'cancelled')],
  ['the mailing is deleted', ({ run }) => run('UPDATE mailings SET deleted_at = ems_now()')],
  ['the mailing has ended', ({ shiftClock }) => shiftClock('1h')],
  ['the mailing ends in a moment', ({ shiftClock }) => shiftClock('59min 59.6s')],
  [
    'the window closes in a moment',
    ({ run }) => run(`UPDATE batches SET not_after = ems_now() + interval '400ms'`),
  ],
  ['the breaker is open', ({ sql }) => openBreaker(sql, 1, { reason: 'down', retryInMs: 60_000 })],
  [
    'the breaker is half open',
    async ({ sql, other }) => {
      await openBreaker(sql, 1, { reason: 'down', retryInMs: -1 });
      expect(await takeProbe(sql, 1, other.id, 5_000)).toBeDefined();
    },
  ],
];

describe('nobody may lease a batch when', () => {
  test.for(obstacles)('%s', async ([, arise]) => {
    const scenario = await aBatch({ endsIn: '1h' });
    const { batch, one } = scenario;
    await arise(scenario);

    expect(await one.lease()).toBeUndefined();
    expect(await one.leaseTicketed({ id: batch.id, fence: 0 })).toBeUndefined();
    // To want to probe is not enough either: the right to has to be held.
    expect(await one.leaseToProbe()).toBeUndefined();
  });
});

test('a half-open breaker lets the one that probes pass, and only to probe', async () => {
  const { sql, batch, one } = await aBatch();
  await openBreaker(sql, 1, { reason: 'down', retryInMs: -1 });
  await takeProbe(sql, 1, one.id, 5_000);

  expect(await one.lease()).toBeUndefined();
  expect(await one.leaseTicketed({ id: batch.id, fence: 0 })).toBeUndefined();
  expect(await one.leaseToProbe()).toMatchObject({ id: batch.id });
  await one.release({ id: batch.id, fence: 1 });
  await closeBreaker(sql, 1, one.id);
  expect(await one.lease()).toMatchObject({ id: batch.id });
});

describe('renewing', () => {
  test('extends the leases that are still held, and tells which', async () => {
    const { mailing, batch, one, batches, shiftClock, now } = await aBatch();
    await one.lease();
    await shiftClock('20s');

    expect(await one.renew({ id: batch.id, fence: 1 })).toEqual(new Set([batch.id]));
    const [renewed] = await batches(mailing);
    expect(Number(renewed?.leaseUntil)).toBeGreaterThan((await now()) + 29_000);
  });

  test("extends no one else's, none of an earlier fence, none that was given back", async () => {
    const { batch, one, other } = await aBatch();
    await one.lease();

    expect(await other.renew({ id: batch.id, fence: 1 })).toEqual(new Set());
    expect(await one.renew({ id: batch.id, fence: 0 })).toEqual(new Set());
    await one.release({ id: batch.id, fence: 1 });
    expect(await one.renew({ id: batch.id, fence: 1 })).toEqual(new Set());
  });

  test('of several batches never waits in a circle with a retry that holds them', async () => {
    const { sql, run, dispatcher, aPlannedMailing, untilWaiting } = await setup();
    await aPlannedMailing();
    await aPlannedMailing();
    const one = await dispatcher();
    // With few batches any plan would go through them in the order in which they lie.
    await run(`INSERT INTO batches (mailing_id, provider_id, state, size, due_at)
      SELECT 1, 1, 'done', 1, ems_now() FROM generate_series(1, 3000)`);
    await run('ANALYZE batches');
    const [first, second] = [await one.lease(), await one.lease()];
    if (!first || !second) throw new Error('Two batches were to be leased');
    await one.renew(first);

    let renewed: Promise<Set<number>> | undefined;
    await sql.transaction(async (transaction) => {
      await transaction.query({ name: '', text: 'SELECT FROM batches WHERE id = $1 FOR SHARE' }, [first.id]);
      renewed = one.renew(second, first);
      await untilWaiting();
      await transaction.query({ name: '', text: 'SELECT FROM batches WHERE id = $1 FOR SHARE NOWAIT' }, [
        second.id,
      ]);
    });
    expect(await renewed).toEqual(new Set([first.id, second.id]));
  });
});

describe('giving a batch back', () => {
  test('ends it when nothing is left', async () => {
    const { run, mailing, batch, one, batches } = await aBatch();
    await one.lease();
    await run(`DELETE FROM messages`);
    await run(`TRUNCATE mailing_counters`);

    expect(await one.release({ id: batch.id, fence: 1 }, 1_000)).toBe('done');
    expect(await batches(mailing)).toMatchObject([{ state: 'done', owner: null, leaseUntil: null }]);
  });

  test('lets what is left wait, due after the delay and with nothing granted', async () => {
    const { mailing, batch, one, batches, now } = await aBatch();
    const { batch: leased, messages: all } = await one.leaseAndGrant();
    await one.record(sent(leased, all[0] ?? { id: 0 }));
    const before = await now();

    expect(await one.release(leased, 2_000)).toBe('ready');
    const [given] = await batches(mailing);
    expect(given).toMatchObject({
      id: batch.id,
      state: 'ready',
      owner: null,
      leaseUntil: null,
      grantedUpto: 0,
      size: all.length - 1,
    });
    expect(given?.dueAt.getTime()).toBeGreaterThanOrEqual(Math.floor(before + 2_000));
    expect(given?.dueAt.getTime()).toBeLessThanOrEqual((await now()) + 2_000);
    expect(await one.lease()).toBeUndefined();
  });

  test('without a delay does not hide for how long it has been due', async () => {
    const { mailing, one, batches, shiftClock } = await aBatch();
    const [before] = await batches(mailing);
    for (const later of ['1m', '2m', '3m']) {
      await shiftClock(later);
      expect(await one.release((await one.leaseAndGrant()).batch)).toBe('ready');
    }

    expect((await batches(mailing))[0]?.dueAt).toEqual(before?.dueAt);
  });

  test('never makes it due earlier than it was', async () => {
    const { run, mailing, one, batches } = await aBatch();
    const { batch } = await one.leaseAndGrant();
    await run(`UPDATE batches SET due_at = ems_now() + interval '1h'`);
    const [before] = await batches(mailing);
    await one.release(batch, 0);

    expect((await batches(mailing))[0]?.dueAt).toEqual(before?.dueAt);
  });

  test('is refused for a lease that is over', async () => {
    const { batch, one, other } = await aBatch();
    await one.lease();
    await one.release({ id: batch.id, fence: 1 });
    await other.lease();

    expect(await one.release({ id: batch.id, fence: 1 })).toBe('lost');
    expect(await one.release({ id: batch.id, fence: 2 })).toBe('lost');
    expect(await other.release({ id: batch.id, fence: 1 })).toBe('lost');
    expect(await other.release({ id: batch.id, fence: 2 })).toBe('ready');
    expect(await other.release({ id: batch.id, fence: 2 })).toBe('lost');
  });
});
