import { describe, expect, test } from 'vitest';
import { closeSpentBatches, moveBatchesToNextWindow } from '#libs/queue/recover';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';
import { ambiguous } from '../../support/message-outcomes.js';

/** Closes until there is nothing to close; returns how many batches each call closed. */
async function closeAll({ sql }: Pick<QueueScenario, 'sql'>): Promise<number[]> {
  const closed: number[] = [];
  do closed.push(await closeSpentBatches(sql, 2));
  while (closed.at(-1));
  return closed;
}

describe('closing', () => {
  test('leaves alone what goes on: running, paused, and ended but leased', async () => {
    const { sql, aPlannedMailing, setStatus, dispatcher, shiftClock, statuses } = await setup();
    const ending = await aPlannedMailing({ endsIn: '1min' });
    await aPlannedMailing({ endsIn: '1h' });
    const paused = await aPlannedMailing({ endsIn: '1h' });
    await setStatus(paused, 'paused');
    const one = await dispatcher();
    const batch = await one.lease();
    expect(batch?.mailingId).toBe(ending);
    await shiftClock('1min');

    expect(await closeSpentBatches(sql, 2)).toBe(0);
    await one.release(batch ?? { id: 0, fence: 0 });
    expect(await closeSpentBatches(sql, 2)).toBe(1);
    expect(await statuses(ending)).toEqual({ expired: 3 });
  });

  test.for([
    ['ended', 'expired', 'the mailing ended before it could be sent'],
    ['ended while it was paused', 'expired', 'the mailing ended before it could be sent'],
    ['cancelled', 'cancelled', 'the mailing was cancelled'],
  ] as const)(
    'a mailing that %s: what is pending becomes %s, or unknown where it is in doubt',
    async ([how, status, why]) => {
      const scenario = await setup();
      const { sql, run, aPlannedMailing, setStatus, shiftClock, statuses, messages, batches } = scenario;
      const mailing = await aPlannedMailing({ count: 4, endsIn: '1h' });
      const [doubtful] = await messages(mailing);
      await run(
        `UPDATE messages SET in_doubt_since = now(), attempts = 1, last_error = 'no answer' WHERE id = $1`,
        [doubtful?.id],
      );
      if (how === 'ended while it was paused') await setStatus(mailing, 'paused');
      if (how === 'cancelled') await setStatus(mailing, 'cancelled');
      else await shiftClock('1h');

      expect(await closeSpentBatches(sql, 2)).toBe(1);
      expect(await statuses(mailing)).toEqual({ [status]: 3, unknown: 1 });
      const [first, second] = await messages(mailing);
      expect(first).toMatchObject({ status: 'unknown', lastError: 'no answer' });
      expect(second).toMatchObject({ status, lastError: why });
      expect(await batches(mailing)).toMatchObject([{ state: 'done' }]);
      expect(await closeSpentBatches(sql, 2)).toBe(0);
    },
  );

  test('goes in pages, and shares them among those who close at the same time', async () => {
    const scenario = await setup();
    const { aPlannedMailing, setStatus, statuses, batches } = scenario;
    const mailing = await aPlannedMailing({ count: 12_000 });
    await setStatus(mailing, 'cancelled');

    const closed = await Promise.all([closeAll(scenario), closeAll(scenario), closeAll(scenario)]);
    expect(closed.flat().reduce((sum, count) => sum + count, 0)).toBe(24);
    expect(Math.max(...closed.flat())).toBeLessThanOrEqual(20);
    expect(await statuses(mailing)).toEqual({ cancelled: 12_000 });
    expect((await batches(mailing)).every(({ state }) => state === 'done')).toBe(true);
  });

  test('takes in a retry that joined a batch after it was found', async () => {
    const { sql, run, aPlannedMailing, setStatus, dispatcher, now, fromBefore, messages } = await setup();
    const mailing = await aPlannedMailing();
    const one = await dispatcher();
    const { batch, messages: all } = await one.leaseAndGrant();
    await one.record(ambiguous(batch, all[0] ?? { id: 0 }, (await now()) + 60_000));
    const [first, second] = await messages(mailing);
    await setStatus(mailing, 'cancelled');
    // What a second retry of the same due time does when it commits.
    const join = () =>
      sql.transaction(async (recorder) => {
        await recorder.query({ name: '', text: 'UPDATE batches SET size = size + 1 WHERE id = $1' }, [
          first?.batchId,
        ]);
        await recorder.query({ name: '', text: 'UPDATE messages SET batch_id = $1 WHERE id = $2' }, [
          first?.batchId,
          second?.id,
        ]);
      });

    expect(await fromBefore(join, () => closeSpentBatches(sql, 2))).toBe(1);
    expect((await messages(mailing)).map(({ status }) => status)).toEqual([
      'unknown',
      'cancelled',
      'pending',
    ]);
    expect(
      await run(
        `SELECT FROM messages JOIN batches b ON b.id = batch_id WHERE status = 'pending' AND state = 'done'`,
      ),
    ).toEqual([]);
  });
});

describe('a batch whose window has passed', () => {
  /** Two zones' batches, at a time when only Moscow's window (09:00 to 21:00) is open. */
  async function atNoon(endsIn: string) {
    const scenario = await setup();
    await scenario.setClock('2030-01-10T12:00Z');
    await scenario.clients({ count: 2, timezone: 'Europe/Moscow' });
    await scenario.clients({ count: 2, timezone: 'America/New_York' });
    const mailing = await scenario.aMailing({ window: ['09:00', '21:00'], endsIn });
    await scenario.plan();
    const moscow = async () =>
      (await scenario.batches(mailing)).find(({ timezone }) => timezone === 'Europe/Moscow');
    return { ...scenario, mailing, moscow };
  }

  test('moves to the next opening, once, and the others stay', async () => {
    const { sql, mailing, moscow, batches, setClock } = await atNoon('3d');
    expect(await moveBatchesToNextWindow(sql, 500)).toBe(0);
    await setClock('2030-01-10T17:59:59.700Z');
    const before = await batches(mailing);

    expect(await moveBatchesToNextWindow(sql, 500)).toBe(1);
    expect(await moscow()).toMatchObject({
      state: 'ready',
      notBefore: new Date('2030-01-11T06:00Z'),
      notAfter: new Date('2030-01-11T18:00Z'),
      dueAt: new Date('2030-01-11T06:00Z'),
      ticketedUntil: null,
    });
    const others = (rows: typeof before) => rows.filter(({ timezone }) => timezone !== 'Europe/Moscow');
    expect(others(await batches(mailing))).toEqual(others(before));
    expect(await moveBatchesToNextWindow(sql, 500)).toBe(0);
  });

  test('keeps a due time that is later than the opening', async () => {
    const { sql, run, moscow, setClock } = await atNoon('3d');
    await run(`UPDATE batches SET due_at = '2030-01-11T07:30Z' WHERE timezone = 'Europe/Moscow'`);
    await setClock('2030-01-10T19:00Z');
    await moveBatchesToNextWindow(sql, 500);

    expect(await moscow()).toMatchObject({ dueAt: new Date('2030-01-11T07:30Z') });
  });

  test('moves while the mailing is paused, but not when it is cancelled or leased', async () => {
    const { sql, run, mailing, setStatus, setClock, moscow } = await atNoon('3d');
    await setClock('2030-01-10T19:00Z');
    await setStatus(mailing, 'cancelled');
    expect(await moveBatchesToNextWindow(sql, 500)).toBe(0);
    await setStatus(mailing, 'paused');
    await run(`UPDATE batches SET state = 'leased'`);
    expect(await moveBatchesToNextWindow(sql, 500)).toBe(0);
    await run(`UPDATE batches SET state = 'ready'`);

    expect(await moveBatchesToNextWindow(sql, 500)).toBe(1);
    expect(await moscow()).toMatchObject({ notBefore: new Date('2030-01-11T06:00Z') });
  });

  test('is never leased again and expires when the mailing ends before the next opening', async () => {
    const { sql, mailing, setStatus, setClock, dispatcher, statuses, run } = await atNoon('9h');
    await run(`UPDATE batches SET state = 'done' WHERE timezone = 'America/New_York'`);
    await setClock('2030-01-10T19:00Z');
    await moveBatchesToNextWindow(sql, 500);
    expect(await (await dispatcher()).lease()).toBeUndefined();
    expect(await closeSpentBatches(sql, 2)).toBe(0);
    await setStatus(mailing, 'paused');
    await setClock('2030-01-10T21:01Z');

    expect(await closeSpentBatches(sql, 2)).toBe(1);
    expect(await statuses(mailing)).toEqual({ expired: 2, pending: 2 });
  });

  test('is not leased by one who found it before it moved', async () => {
    const { run, setClock, dispatcher, fromBefore, moscow } = await atNoon('3d');
    await run(`UPDATE batches SET state = 'done' WHERE timezone = 'America/New_York'`);
    await setClock('2030-01-10T17:59:00Z');
    const one = await dispatcher();
    const move = () =>
      run(`UPDATE batches SET not_before = '2030-01-11T06:00Z', not_after = '2030-01-11T18:00Z',
        due_at = '2030-01-11T06:00Z' WHERE state = 'ready'`);

    expect(await fromBefore(move, () => one.lease())).toBeUndefined();
    expect(await moscow()).toMatchObject({ state: 'ready', fence: 0 });
  });
});
