import { describe, expect, test } from 'vitest';
import { leasePlan, planPage } from '#libs/queue/plan';
import { closeSpentBatches, finishMailings } from '#libs/queue/recover';
import { setup } from '../../support/queue-scenario.js';
import { notNow, sent } from '../../support/message-outcomes.js';

describe('a mailing is finished', () => {
  test('when it is planned and its last batch is done', async () => {
    const { sql, run, aPlannedMailing, dispatcher, statuses } = await setup();
    const mailing = await aPlannedMailing();
    const one = await dispatcher();
    expect(await finishMailings(sql), 'a batch waits').toEqual([]);
    const { batch, messages } = await one.leaseAndGrant();
    await one.record(...messages.map((message) => sent(batch, message)));
    expect(await finishMailings(sql), 'a batch is leased').toEqual([]);
    expect(await one.release(batch)).toBe('done');

    expect(await finishMailings(sql)).toEqual([{ id: mailing, status: 'completed' }]);
    expect(await run('SELECT status FROM mailings WHERE finished_at IS NOT NULL')).toEqual([
      { status: 'completed' },
    ]);
    expect(await statuses(mailing)).toEqual({ sent: 3 });
    expect(await finishMailings(sql)).toEqual([]);
  });

  test('not while a retry waits', async () => {
    const { sql, aPlannedMailing, dispatcher, now } = await setup();
    await aPlannedMailing({ count: 1 });
    const one = await dispatcher();
    const { batch, messages } = await one.leaseAndGrant();
    await one.record(notNow(batch, messages[0] ?? { id: 0 }, (await now()) + 60_000));
    expect(await one.release(batch)).toBe('done');

    expect(await finishMailings(sql)).toEqual([]);
  });

  test('not before its last page is planned, though nothing is open', async () => {
    const { sql, clients, aMailing, run, plan, shiftClock } = await setup();
    await clients({ count: 6 });
    const mailing = await aMailing();
    const lease = await leasePlan(sql, 30_000);
    if (!lease) throw new Error('There was no mailing to plan');
    expect(await finishMailings(sql), 'the first page is not written').toEqual([]);
    await planPage(sql, lease, { size: 4, guardMs: 500, leaseMs: 30_000, shard: 0 });
    await run(`UPDATE batches SET state = 'done'`);
    expect(await finishMailings(sql)).toEqual([]);
    await shiftClock('31s');
    await plan();
    await run(`UPDATE batches SET state = 'done'`);

    expect(await finishMailings(sql)).toEqual([{ id: mailing, status: 'completed' }]);
  });

  test('at once when nobody matched', async () => {
    const { sql, aMailing, plan } = await setup();
    const mailing = await aMailing();
    await plan();

    expect(await finishMailings(sql)).toEqual([{ id: mailing, status: 'completed' }]);
  });

  test('as cancelled once what was open is closed, planned or not', async () => {
    const { sql, run, clients, aMailing, setStatus, statuses } = await setup();
    await clients({ count: 6 });
    const mailing = await aMailing();
    const lease = await leasePlan(sql, 30_000);
    if (!lease) throw new Error('There was no mailing to plan');
    await planPage(sql, lease, { size: 4, guardMs: 500, leaseMs: 30_000, shard: 0 });
    await setStatus(mailing, 'cancelled');
    expect(await finishMailings(sql)).toEqual([]);
    await closeSpentBatches(sql, 0);

    expect(await finishMailings(sql)).toEqual([{ id: mailing, status: 'cancelled' }]);
    expect(await run('SELECT status FROM mailings WHERE finished_at IS NOT NULL')).toEqual([
      { status: 'cancelled' },
    ]);
    expect(await statuses(mailing)).toEqual({ cancelled: 4 });
  });

  test('paused with nothing left: what was on the wire when it was paused was the last of it', async () => {
    const { sql, aPlannedMailing, dispatcher, setStatus, statuses } = await setup();
    const mailing = await aPlannedMailing();
    const one = await dispatcher();
    const { batch, messages } = await one.leaseAndGrant();
    await setStatus(mailing, 'paused');
    await one.record(...messages.map((message) => sent(batch, message)));
    expect(await finishMailings(sql), 'a batch is leased').toEqual([]);
    expect(await one.release(batch)).toBe('done');

    expect(await finishMailings(sql)).toEqual([{ id: mailing, status: 'completed' }]);
    expect(await statuses(mailing)).toEqual({ sent: 3 });
  });

  test('paused when nobody matched', async () => {
    const { sql, aMailing, plan, setStatus } = await setup();
    const mailing = await aMailing();
    await plan();
    await setStatus(mailing, 'paused');

    expect(await finishMailings(sql)).toEqual([{ id: mailing, status: 'completed' }]);
  });

  test('paused and ended: completed, with everything expired; not while it could be resumed', async () => {
    const { sql, aPlannedMailing, setStatus, shiftClock, statuses } = await setup();
    const mailing = await aPlannedMailing({ endsIn: '1h' });
    await setStatus(mailing, 'paused');
    expect(await finishMailings(sql)).toEqual([]);
    await shiftClock('1h');
    expect(await finishMailings(sql)).toEqual([]);
    await closeSpentBatches(sql, 0);

    expect(await finishMailings(sql)).toEqual([{ id: mailing, status: 'completed' }]);
    expect(await statuses(mailing)).toEqual({ expired: 3 });
  });

  test('paused before its start and ended: completed, with everything expired', async () => {
    const { sql, clients, aMailing, plan, setStatus, shiftClock, statuses } = await setup();
    await clients({ count: 3 });
    const mailing = await aMailing({ endsIn: '1h' });
    await setStatus(mailing, 'paused');
    await plan();
    expect(await finishMailings(sql)).toEqual([]);
    await shiftClock('1h');
    await plan();

    expect(await finishMailings(sql)).toEqual([{ id: mailing, status: 'completed' }]);
    expect(await statuses(mailing)).toEqual({ expired: 3 });
  });

  test('not while it is paused and planned in part', async () => {
    const { sql, clients, aMailing, run, setStatus } = await setup();
    await clients({ count: 6 });
    const mailing = await aMailing();
    const lease = await leasePlan(sql, 30_000);
    if (!lease) throw new Error('There was no mailing to plan');
    await planPage(sql, lease, { size: 4, guardMs: 500, leaseMs: 30_000, shard: 0 });
    await setStatus(mailing, 'paused');
    await run(`UPDATE batches SET state = 'done'`);

    expect(await finishMailings(sql)).toEqual([]);
  });

  test('once, when several finish at the same time', async () => {
    const { sql, aMailing, plan } = await setup();
    await Promise.all(Array.from({ length: 5 }, () => aMailing()));
    await plan();

    const finished = await Promise.all([1, 2, 3, 4].map(() => finishMailings(sql)));
    expect(finished.flat()).toHaveLength(5);
  });
});
