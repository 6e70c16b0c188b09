import { describe, expect, test } from 'vitest';
import { setup } from '../../support/queue-scenario.js';
import { ambiguous, failed, notNow, sent } from '../../support/message-outcomes.js';

/** Six granted messages, and a time in half a minute. */
async function onTheWire({ count = 6 } = {}) {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing({ count });
  const one = await scenario.dispatcher();
  const { batch, messages: all } = await one.leaseAndGrant();
  const [a, b, c] = all;
  if (!a || !b || !c) throw new Error('Three messages were to be granted');
  const soon = Math.round(await scenario.now()) + 30_000;
  const retryBatches = async () => (await scenario.batches(mailing)).filter(({ id }) => id !== batch.id);
  const members = async (id: number | undefined) =>
    (await scenario.messages(mailing)).filter(({ batchId }) => batchId === id).map((message) => message.id);
  return { ...scenario, mailing, one, batch, all, a, b, c, soon, retryBatches, members };
}

describe('a retry', () => {
  test('goes to a batch of its own, due in its own time', async () => {
    const { one, mailing, batch, a, soon, retryBatches, members, messages } = await onTheWire();
    expect(await one.record(notNow(batch, a, soon))).toEqual({ orphaned: 0 });

    const made = await retryBatches();
    expect(made).toMatchObject([{ state: 'ready', fence: 0, size: 1, dueAt: new Date(soon) }]);
    expect(await members(made[0]?.id)).toEqual([a.id]);
    expect((await messages(mailing))[0]).toMatchObject({ status: 'pending', attempts: 1, lastError: 'busy' });
  });

  test('inherits zone and window from where it was', async () => {
    const { setClock, clients, aMailing, plan, batches, dispatcher } = await setup();
    await setClock('2030-01-10T12:00Z');
    await clients({ timezone: 'Asia/Tokyo' });
    const mailing = await aMailing({ window: ['09:00', '22:00'], endsIn: '3d' });
    await plan();
    const one = await dispatcher();
    const { batch, messages } = await one.leaseAndGrant();
    await one.record(notNow(batch, messages[0] ?? { id: 0 }, Date.parse('2030-01-10T12:30Z')));

    const [source, retry] = await batches(mailing);
    const { timezone, notBefore, notAfter } = source ?? {};
    expect(retry).toMatchObject({ timezone, notBefore, notAfter, dueAt: new Date('2030-01-10T12:30Z') });
    expect(timezone).toBe('Asia/Tokyo');
  });

  test('shares a batch with others of its due time, over several recordings', async () => {
    const { one, batch, a, b, c, all, soon, retryBatches, members } = await onTheWire();
    await one.record(notNow(batch, a, soon), ambiguous(batch, b, soon), notNow(batch, c, soon + 5_000));
    await one.record(notNow(batch, all[3] ?? a, soon));

    const made = await retryBatches();
    expect(new Map(made.map(({ dueAt, size }) => [dueAt.getTime(), size]))).toEqual(
      new Map([
        [soon, 3],
        [soon + 5_000, 1],
      ]),
    );
    expect(made).toHaveLength(2);
    const shared = made.find(({ dueAt }) => dueAt.getTime() === soon);
    expect(await members(shared?.id)).toEqual([a.id, b.id, all[3]?.id]);
  });

  test('opens another batch when there are 500 in it', async () => {
    const { run, one, batch, a, b, c, soon, retryBatches } = await onTheWire();
    await one.record(notNow(batch, a, soon));
    await run('UPDATE batches SET size = 499 WHERE fence = 0');
    await one.record(notNow(batch, b, soon));
    await one.record(notNow(batch, c, soon));

    expect((await retryBatches()).map(({ size }) => size)).toEqual([500, 1]);
  });

  test('never joins a batch that was leased once, though it is free and not due', async () => {
    const { run, one, dispatcher, batch, a, b, soon, retryBatches, members } = await onTheWire();
    await one.record(notNow(batch, a, soon));
    const [first] = await retryBatches();
    await run('UPDATE batches SET due_at = ems_now() WHERE id = $1', [first?.id]);
    const other = await dispatcher();
    const leased = await other.lease();
    expect(leased?.id).toBe(first?.id);
    await other.release(leased ?? batch, 40_000);

    await one.record(notNow(batch, b, soon));
    expect(await members(first?.id)).toEqual([a.id]);
    expect(await retryBatches()).toHaveLength(2);
  });

  test('never joins a batch that is leased, or that is due', async () => {
    const { run, one, batch, a, b, c, soon, retryBatches, members } = await onTheWire();
    await one.record(notNow(batch, a, soon));
    const [first] = await retryBatches();
    await run('UPDATE batches SET due_at = ems_now() WHERE id = $1', [first?.id]);
    await one.record(notNow(batch, b, soon));
    expect(await members(first?.id)).toEqual([a.id]);

    await run(`UPDATE batches SET state = 'leased', due_at = ems_now() + interval '1h' WHERE id = $1`, [
      first?.id,
    ]);
    one.writer.retryBatches.forEach((_, key) => one.writer.retryBatches.set(key, first?.id ?? 0));
    await one.record(notNow(batch, c, soon));
    expect(await members(first?.id)).toEqual([a.id]);
  });

  test('is not moved when its message is settled or elsewhere already', async () => {
    const { run, one, batch, a, b, soon, messages, mailing } = await onTheWire();
    await one.record(sent(batch, a));
    await run('UPDATE messages SET batch_id = 7 WHERE id = $1', [b.id]);
    await one.record(notNow(batch, a, soon), notNow(batch, b, soon));

    const [first, second] = await messages(mailing);
    expect(first).toMatchObject({ status: 'sent', batchId: batch.id });
    expect(second).toMatchObject({ status: 'pending', batchId: 7, attempts: 0 });
  });
});

describe('a retry whose batch has changed hands', () => {
  test('is left to the new owner', async () => {
    const { one, dispatcher, batch, a, b, c, soon, retryBatches, messages, mailing } = await onTheWire();
    await one.release(batch);
    const other = await dispatcher();
    await other.lease();

    const outcomes = [notNow(batch, a, soon), failed(batch, b), sent(batch, c)];
    expect(await one.record(...outcomes)).toEqual({ orphaned: 1 });
    expect(await retryBatches()).toEqual([]);
    const [first, second, third] = await messages(mailing);
    expect(first).toMatchObject({ status: 'pending', attempts: 0, batchId: batch.id });
    expect([second?.status, third?.status]).toEqual(['failed', 'sent']);
  });

  test('is refused to the same dispatcher under its earlier fence, even together with one that holds', async () => {
    const { one, batch, a, b, soon, messages, mailing } = await onTheWire();
    await one.release(batch);
    const again = await one.lease();
    if (!again) throw new Error('Nothing could be leased');

    expect(await one.record(notNow(batch, a, soon), notNow(again, b, soon))).toEqual({ orphaned: 1 });
    const [first, second] = await messages(mailing);
    expect(first?.batchId).toBe(batch.id);
    expect(second?.batchId).not.toBe(batch.id);
  });

  test('is refused to another dispatcher, though it names the batch and its fence', async () => {
    const { dispatcher, batch, a, soon, retryBatches } = await onTheWire();

    expect(await (await dispatcher()).record(notNow(batch, a, soon))).toEqual({ orphaned: 1 });
    expect(await retryBatches()).toEqual([]);
  });

  test('still leaves its doubt: refused by the new owner, the message is unknown', async () => {
    const { one, dispatcher, batch, a, soon, messages, mailing } = await onTheWire();
    await one.release(batch);
    const other = await dispatcher();
    const { batch: theirs } = await other.leaseAndGrant();
    await one.record(ambiguous(batch, a, soon));
    expect((await messages(mailing))[0]).toMatchObject({
      status: 'pending',
      inDoubtSince: expect.any(Date),
      batchId: batch.id,
    });
    await other.record(failed(theirs, a));

    expect((await messages(mailing))[0]?.status).toBe('unknown');
  });

  test('waits for whoever is taking the batch over, and is refused then', async () => {
    const { sql, one, batch, a, soon, untilWaiting, retryBatches } = await onTheWire();
    const { recorded } = await sql.transaction(async (reclaimer) => {
      await reclaimer.query({ name: '', text: 'UPDATE batches SET fence = fence + 1 WHERE id = $1' }, [
        batch.id,
      ]);
      const held = { recorded: one.record(notNow(batch, a, soon)) };
      await untilWaiting();
      return held;
    });

    expect(await recorded).toEqual({ orphaned: 1 });
    expect(await retryBatches()).toEqual([]);
  });
});

test('two dispatchers that retry at the same time fill batches of their own', async () => {
  const { mailing, one, batch, all, soon, dispatcher, batches, run } = await onTheWire({ count: 600 });
  const other = await dispatcher();
  const { batch: second, messages: rest } = await other.leaseAndGrant();
  const fives = <Item>(items: readonly Item[]) =>
    Array.from({ length: Math.ceil(items.length / 5) }, (_, nth) => items.slice(5 * nth, 5 * nth + 5));
  await Promise.all([
    ...fives(all).map((five) => one.record(...five.map((message) => notNow(batch, message, soon)))),
    ...fives(rest).map((five) => other.record(...five.map((message) => notNow(second, message, soon)))),
  ]);

  const counted = await run<{ id: number; count: number }>(
    'SELECT batch_id AS id, count(*)::int AS count FROM messages GROUP BY batch_id ORDER BY batch_id',
  );
  const made = (await batches(mailing)).filter(({ id }) => id !== batch.id && id !== second.id);
  expect(counted).toEqual(made.map(({ id, size }) => ({ id, count: size })));
  expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(600);
});
