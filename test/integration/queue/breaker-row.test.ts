import { describe, expect, test } from 'vitest';
import {
  closeBreaker,
  findBreaker,
  openBreaker,
  prolongOpenBreaker,
  reopenBreaker,
  takeProbe,
} from '#libs/providers/breaker';
import { setup } from '../../support/queue-scenario.js';

const PROVIDER = 1;

/** A breaker that opened for ten seconds, with a due batch to probe with. */
async function opened() {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing({ endsIn: '1h' });
  const { sql } = scenario;
  const one = await scenario.dispatcher();
  const other = await scenario.dispatcher();
  const row = await openBreaker(sql, PROVIDER, { reason: 'unreachable', retryInMs: 10_000 });
  const probe = (by: { id: string }, holdMs = 5_000) => takeProbe(sql, PROVIDER, by.id, holdMs);
  const reopen = (by: { id: string }, reason: string | null, retryInMs = 2_000) =>
    reopenBreaker(sql, { providerId: PROVIDER, owner: by.id }, { reason, retryInMs });
  return { ...scenario, mailing, one, other, row, probe, reopen };
}

describe('the breaker', () => {
  test('opens once, for the first who says so', async () => {
    const { sql, now } = await setup();
    const before = await findBreaker(sql, PROVIDER);
    expect(before).toMatchObject({ state: 'closed', reason: null, retryAt: null, failedProbes: 0 });

    const rows = await Promise.all(
      ['a', 'b', 'c', 'd'].map((reason) => openBreaker(sql, PROVIDER, { reason, retryInMs: 10_000 })),
    );
    const [winner, ...rest] = rows.filter((row) => row !== undefined);
    expect(rest).toEqual([]);
    expect(winner).toMatchObject({
      state: 'open',
      version: before.version + 1,
      failedProbes: 0,
      probeOwner: null,
    });
    expect(await findBreaker(sql, PROVIDER)).toEqual(winner);
    expect(winner?.retryAt).toBeGreaterThan((await now()) + 9_000);
  });

  test('is an error when the provider does not exist', async () => {
    const { sql } = await setup();
    await expect(findBreaker(sql, 99)).rejects.toThrow('There is no provider 99');
  });
});

describe('what is told of the last opening', () => {
  test('is whether those over whom it opened were wrong, until it opens again', async () => {
    const { sql, one, probe, shiftClock } = await opened();
    await shiftClock('10s');
    expect((await probe(one))?.openForMs).toBeGreaterThanOrEqual(10_000);
    const closed = await closeBreaker(sql, PROVIDER, one.id, true);
    expect(closed).toMatchObject({ state: 'closed', refuted: true });
    const again = await openBreaker(sql, PROVIDER, { reason: 'throttled', retryInMs: 0 });
    expect(again).toMatchObject({ refuted: false, failedProbes: 0 });
  });

  test('is what was asked for, whenever the next probe is due, and though one could not be made', async () => {
    const { sql, one, probe } = await opened();
    await sql.query({ name: 'close', text: `UPDATE providers SET breaker = 'closed'` }, []);
    const asked = { reason: 'throttled', retryInMs: 0, askedForMs: 5_000 };
    expect(await openBreaker(sql, PROVIDER, asked)).toMatchObject({ askedForMs: 5_000 });
    await probe(one);
    const owned = { providerId: PROVIDER, owner: one.id };
    const none = await reopenBreaker(sql, owned, { reason: null, retryInMs: 0 });
    expect(none).toMatchObject({ askedForMs: 5_000 });
    await probe(one);
    const next = await reopenBreaker(sql, owned, { ...asked, askedForMs: 7_000 });
    expect(next).toMatchObject({ askedForMs: 7_000 });
  });
});

describe('a longer pause that the provider asks for', () => {
  test('counts while the breaker is open, and never shortens one', async () => {
    const { sql, one, probe, shiftClock, row } = await opened();
    expect(await prolongOpenBreaker(sql, PROVIDER, 9_000)).toBeUndefined();
    expect(await prolongOpenBreaker(sql, PROVIDER, 60_000)).toBe((row?.version ?? 0) + 1);
    await shiftClock('59s');
    expect(await probe(one)).toBeUndefined();
    await shiftClock('1s');
    expect(await probe(one)).toMatchObject({ state: 'half_open' });

    expect(await prolongOpenBreaker(sql, PROVIDER, 60_000), 'a probe is on its way').toBeUndefined();
    await closeBreaker(sql, PROVIDER, one.id);
    expect(await prolongOpenBreaker(sql, PROVIDER, 60_000), 'it is closed').toBeUndefined();
  });
});

describe('a probe', () => {
  test('is taken by one, and not before its time', async () => {
    const { one, other, probe, shiftClock, row } = await opened();
    expect(await probe(one)).toBeUndefined();
    await shiftClock('10s');

    const taken = await Promise.all([one, other, one, other].map((each) => probe(each)));
    const [winner, ...rest] = taken.filter((each) => each !== undefined);
    expect(rest).toEqual([]);
    expect(winner).toMatchObject({
      state: 'half_open',
      reason: 'unreachable',
      version: (row?.version ?? 0) + 1,
    });
    expect([one.id, other.id]).toContain(winner?.probeOwner);
  });

  test('is taken over when its owner lets its time pass, and then says nothing any more', async () => {
    const { sql, one, other, probe, reopen, shiftClock } = await opened();
    await shiftClock('10s');
    await probe(one);
    await shiftClock('4s');
    expect(await probe(other)).toBeUndefined();
    await shiftClock('1.1s');

    expect(await probe(other)).toMatchObject({ state: 'half_open', probeOwner: other.id });
    expect(await closeBreaker(sql, PROVIDER, one.id)).toBeUndefined();
    expect(await reopen(one, 'late')).toBeUndefined();
    expect(await closeBreaker(sql, PROVIDER, other.id)).toMatchObject({ state: 'closed' });
  });

  test.for([
    ['there is no batch', `DELETE FROM batches`],
    ['no batch is due', `UPDATE batches SET due_at = ems_now() + interval '1min'`],
    ['what is due is leased', `UPDATE batches SET state = 'leased'`],
    ['its window is over', `UPDATE batches SET not_after = ems_now()`],
    ['the mailing is paused', `UPDATE mailings SET status = 'paused'`],
    ['the mailing has ended', `UPDATE mailings SET end_at = ems_now()`],
    ['it is of another provider', `UPDATE batches SET provider_id = 2`],
  ] as const)('is not started when %s', async ([, change]) => {
    const { run, one, probe, shiftClock } = await opened();
    await shiftClock('10s');
    await run(`INSERT INTO providers (id, name) VALUES (2, 'second') ON CONFLICT DO NOTHING`);
    await run(change);

    expect(await probe(one)).toBeUndefined();
  });

  test('that failed waits for the next one and is counted', async () => {
    const { one, other, probe, reopen, shiftClock, now } = await opened();
    await shiftClock('10s');
    await probe(one);
    expect(await reopen(other, 'not mine')).toBeUndefined();
    const row = await reopen(one, 'still refused');

    expect(row).toMatchObject({ state: 'open', reason: 'still refused', failedProbes: 1, probeOwner: null });
    expect(row?.retryAt).toBeGreaterThan((await now()) + 1_000);
    expect(row?.retryAt).toBeLessThanOrEqual((await now()) + 2_000);
    expect(await reopen(one, 'twice')).toBeUndefined();
  });

  test('that could not be made is not counted, and keeps the reason', async () => {
    const { one, probe, reopen, shiftClock } = await opened();
    await shiftClock('10s');
    await probe(one);

    expect(await reopen(one, null)).toMatchObject({ state: 'open', reason: 'unreachable', failedProbes: 0 });
  });

  test('that was answered closes the breaker; only its owner may say so, once', async () => {
    const { sql, one, other, probe, shiftClock } = await opened();
    expect(await closeBreaker(sql, PROVIDER, one.id), 'it is open').toBeUndefined();
    await shiftClock('10s');
    await probe(one);
    expect(await closeBreaker(sql, PROVIDER, other.id)).toBeUndefined();

    expect(await closeBreaker(sql, PROVIDER, one.id)).toMatchObject({
      state: 'closed',
      reason: null,
      retryAt: null,
      probeOwner: null,
      failedProbes: 0,
      askedForMs: null,
    });
    expect(await closeBreaker(sql, PROVIDER, one.id)).toBeUndefined();
  });
});
