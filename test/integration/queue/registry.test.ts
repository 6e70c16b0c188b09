import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { COUNTER_SHARDS } from '#libs/queue/transitions';
import {
  beatHeart,
  confirmControlChanges,
  findRecentControlChanges,
  measureDueBacklog,
  registerDispatcher,
  unregisterDispatcher,
} from '#libs/queue/watch';
import { setup } from '../../support/queue-scenario.js';

describe('the registry of dispatchers', () => {
  test('spreads them over the shards of the counters', async () => {
    const { dispatcher } = await setup();
    const shards: number[] = [];
    for (let nth = 0; nth < COUNTER_SHARDS + 2; nth += 1) shards.push((await dispatcher()).shard);

    expect(shards).toEqual([...Array(COUNTER_SHARDS).keys(), 0, 1]);
  });

  test('gives the shard of one that is gone or silent to the next', async () => {
    const { sql, dispatcher, shiftClock } = await setup();
    const [first, second] = [await dispatcher(), await dispatcher()];
    await unregisterDispatcher(sql, first.id);
    expect((await dispatcher()).shard).toBe(first.shard);
    await shiftClock('61s');

    expect((await dispatcher()).shard).toBe(0);
    expect((await dispatcher()).shard).toBe(second.shard);
  });

  test('hears heartbeats, answers with the clock, and forgets who was silent for a day', async () => {
    const { run, dispatcher, shiftClock, now } = await setup();
    const [silent, alive] = [await dispatcher(), await dispatcher()];
    await shiftClock('25h');
    const before = await now();
    const answered = await alive.beat();

    expect(answered).toBeGreaterThanOrEqual(before);
    expect(answered).toBeLessThanOrEqual(await now());
    const left = await run<{ id: string; beat: number }>(
      `SELECT id, extract(epoch FROM heartbeat_at)::float8 * 1000 AS beat FROM dispatchers`,
    );
    expect(left).toMatchObject([{ id: alive.id }]);
    expect(left[0]?.beat).toBeGreaterThanOrEqual(before);
    expect(silent.id).not.toBe(alive.id);
  });

  test('gives the same shard when the answer to a registration was lost', async () => {
    const { sql, run } = await setup();
    const one = { id: randomUUID(), host: 'here', pid: 7 };
    const shard = await registerDispatcher(sql, one);
    expect(await registerDispatcher(sql, one)).toBe(shard);
    expect(await run('SELECT FROM dispatchers')).toHaveLength(1);
  });

  test('takes one back that it had forgotten, with its shard', async () => {
    const { sql, run } = await setup();
    await beatHeart(sql, { id: randomUUID(), host: 'here', pid: 7, shard: 11 }, 10_000);

    expect(await run('SELECT shard, host, pid FROM dispatchers')).toEqual([
      { shard: 11, host: 'here', pid: 7 },
    ]);
  });
});

describe('changes of mailings that dispatchers must hear of', () => {
  test('are those of the last minute, with what is so now', async () => {
    const { sql, run, aMailing, setStatus, shiftClock } = await setup();
    const [paused, resumed, deleted] = [
      await aMailing(),
      await aMailing(),
      await aMailing(),
      await aMailing(),
    ];
    await setStatus(paused, 'paused');
    await setStatus(resumed, 'paused');
    await setStatus(resumed, 'running');
    await setStatus(deleted, 'running');
    await run('UPDATE mailings SET deleted_at = ems_now() WHERE id = $1', [deleted]);
    const rows = await run<{ id: number; version: number; end: Date }>(
      'SELECT id, control_version AS version, end_at AS end FROM mailings ORDER BY id',
    );

    const changes = (await findRecentControlChanges(sql)).toSorted((a, b) => a.mailingId - b.mailingId);
    expect(changes.map(({ mailingId, stopped, version }) => ({ mailingId, stopped, version }))).toEqual(
      [true, false, true].map((stopped, index) => ({
        mailingId: rows[index]?.id,
        stopped,
        version: rows[index]?.version,
      })),
    );
    expect(Math.floor(changes[0]?.endAt ?? 0)).toBe(rows[0]?.end.getTime());
    await shiftClock('61s');
    expect(await findRecentControlChanges(sql)).toEqual([]);
  });

  test('stop nothing that starts later, whose start is no further change', async () => {
    const { sql, aMailing, setStatus, plan } = await setup();
    const mailing = await aMailing({ startsIn: '-1s' });
    await setStatus(mailing, 'paused');
    await setStatus(mailing, 'scheduled');
    const [before] = await findRecentControlChanges(sql);
    await plan();
    const [after] = await findRecentControlChanges(sql);

    expect(before).toMatchObject({ mailingId: mailing, stopped: false });
    expect(after).toEqual(before);
  });

  test('are confirmed by a row, which only a later version replaces', async () => {
    const { sql, run } = await setup();
    const id = randomUUID();
    const confirm = (version: number, inFlight: number) =>
      confirmControlChanges(sql, id, [{ mailingId: 5, version, inFlight }]);
    await confirm(3, 10);
    await confirm(2, 20);
    await confirm(3, 30);
    expect(await run('SELECT version, in_flight FROM control_confirmations')).toEqual([
      { version: 3, in_flight: 10 },
    ]);
    await confirm(4, 40);

    expect(await run('SELECT * FROM control_confirmations')).toMatchObject([
      { mailing_id: 5, dispatcher_id: id, version: 4, in_flight: 40 },
    ]);
  });
});

test('a dispatcher that leaves, or was silent for a day, leaves no confirmations behind', async () => {
  const { sql, run, dispatcher, shiftClock } = await setup();
  const [leaves, dies, lives] = [await dispatcher(), await dispatcher(), await dispatcher()];
  for (const { id } of [leaves, dies, lives]) {
    await confirmControlChanges(sql, id, [{ mailingId: 5, version: 3, inFlight: 0 }]);
  }
  const confirmed = () => run('SELECT dispatcher_id AS id FROM control_confirmations');

  await unregisterDispatcher(sql, leaves.id);
  expect(await confirmed()).toHaveLength(2);
  await shiftClock('25h');
  await lives.beat();
  expect(await confirmed()).toEqual([{ id: lives.id }]);
});

describe('the due backlog', () => {
  test('is nothing in an empty queue', async () => {
    const { sql } = await setup();
    expect(await measureDueBacklog(sql)).toEqual({ batches: 0, messages: 0, oldestSeconds: 0 });
  });

  test('counts what could be sent now and its age, and nothing else', async () => {
    const { sql, run, aPlannedMailing, setStatus, dispatcher, shiftClock } = await setup();
    await aPlannedMailing({ count: 1_200 });
    const paused = await aPlannedMailing({ count: 50 });
    await setStatus(paused, 'paused');
    const later = await aPlannedMailing({ count: 70 });
    await run(`UPDATE batches SET due_at = due_at + interval '1h' WHERE mailing_id = $1`, [later]);
    await (await dispatcher()).lease();
    await shiftClock('30s');

    const backlog = await measureDueBacklog(sql);
    expect(backlog).toMatchObject({ batches: 2, messages: 700 });
    expect(backlog.oldestSeconds).toBeGreaterThanOrEqual(30);
    expect(backlog.oldestSeconds).toBeLessThan(60);
  });
});
