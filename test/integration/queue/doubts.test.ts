import { describe, expect, test } from 'vitest';
import { grantSlice } from '#libs/queue/grant';
import { reclaimAbandonedBatches } from '#libs/queue/recover';
import { ambiguous, notNow } from '../../support/message-outcomes.js';
import { SILENCE, steadyJudge } from '../../support/queue-dispatcher.js';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';

const terms = { silenceMs: SILENCE, maxAttempts: 20 };

async function reclaim(scenario: QueueScenario) {
  await scenario.shiftClock('1m');
  return reclaimAbandonedBatches(scenario.sql, await steadyJudge(scenario.sql), terms);
}

describe('what a dead dispatcher of a holding mailing had in its hands', () => {
  test('is unknown at once, and what it had not been granted is sent by others', async () => {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 5, onAmbiguous: 'hold' });
    const dead = await scenario.dispatcher();
    const batch = await dead.lease();
    if (!batch) throw new Error('Nothing could be leased');
    expect(batch.onAmbiguous).toBe('hold');
    const waiting = await dead.waiting(batch);
    await dead.grant(batch, waiting.slice(0, 3));
    await dead.record(notNow(batch, waiting[1] ?? { id: 0 }, (await scenario.now()) + 1_000));
    expect(await reclaim(scenario)).toMatchObject([{ doubtfulInAll: 2 }]);

    expect((await scenario.messages(mailing)).map(({ status }) => status)).toEqual([
      'unknown',
      'pending',
      'unknown',
      'pending',
      'pending',
    ]);
    const other = await scenario.dispatcher();
    const sent = [...(await other.leaseAndGrant()).messages, ...(await other.leaseAndGrant()).messages];
    expect(sent.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(
      [waiting[1], waiting[3], waiting[4]].map((message) => message?.id),
    );
    expect(await other.lease()).toBeUndefined();
  });

  test('is in doubt since the lease began, whatever passed until it was found', async () => {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 1 });
    const before = await scenario.now();
    await (await scenario.dispatcher()).leaseAndGrant();
    const after = await scenario.now();
    await reclaim(scenario);

    const [message] = await scenario.messages(mailing);
    expect(message?.inDoubtSince?.getTime()).toBeGreaterThanOrEqual(Math.floor(before));
    expect(message?.inDoubtSince?.getTime()).toBeLessThanOrEqual(after);
  });
});

describe('a message in doubt', () => {
  /** One of two is in doubt since now; both are due again in a second. */
  async function aDoubt(keyLifetime: string | null) {
    const scenario = await setup();
    await scenario.run('UPDATE providers SET key_lifetime = $1', [keyLifetime]);
    const mailing = await scenario.aPlannedMailing({ count: 2 });
    const one = await scenario.dispatcher();
    const { batch, messages } = await one.leaseAndGrant();
    const [a, b] = messages;
    if (!a || !b) throw new Error('Two were to be granted');
    const at = await scenario.now();
    const retryAt = at + 1_000;
    await one.record({ ...ambiguous(batch, a, retryAt), inDoubtSince: at }, notNow(batch, b, retryAt));
    await one.release(batch);
    return { ...scenario, mailing, one, a, b, at };
  }

  test('is sent again while the provider knows its id, and never afterwards', async () => {
    const { shiftClock, one, a, b, at, statuses, mailing } = await aDoubt('1 minute');
    await shiftClock('45s');
    const early = await one.lease();
    if (!early) throw new Error('The retries were due');
    expect(early.keyLifetimeMs).toBe(60_000);
    const waiting = await one.waiting(early);
    expect(waiting.map(({ id, inDoubtSince }) => [id, inDoubtSince !== null])).toEqual([
      [a.id, true],
      [b.id, false],
    ]);
    expect(waiting[0]?.inDoubtSince).toBeCloseTo(at, 0);
    await one.release(early);
    // A request of 10 s that starts now would not be over in time.
    await shiftClock('6s');
    const late = await one.lease();
    if (!late) throw new Error('It was given back');

    expect((await one.waiting(late)).map(({ id }) => id)).toEqual([b.id]);
    expect(await statuses(mailing)).toEqual({ unknown: 1, pending: 1 });
  });

  test('is sent again at any time when the provider knows it for ever', async () => {
    const { shiftClock, one, a, b } = await aDoubt(null);
    await shiftClock('20h');
    const batch = await one.lease();
    if (!batch) throw new Error('The retries were due');
    expect(batch.keyLifetimeMs).toBeNull();
    expect((await one.waiting(batch)).map(({ id }) => id)).toEqual([a.id, b.id]);
  });

  test('keeps the moment of its first doubt, in whatever order doubts come', async () => {
    const { one, a, at, mailing, messages, shiftClock, now } = await aDoubt('1 hour');
    await shiftClock('1m');
    const { batch } = await one.leaseAndGrant();
    const later = await now();
    await one.record({ ...ambiguous(batch, { ...a, attempts: 1 }, later + 1_000), inDoubtSince: later });
    expect((await messages(mailing))[0]?.inDoubtSince?.getTime()).toBe(Math.floor(at));
  });
});

test('a changed key lifetime counts from the next grant on', async () => {
  const { run, sql, aPlannedMailing, dispatcher } = await setup();
  await aPlannedMailing();
  const one = await dispatcher();
  const batch = await one.lease();
  if (!batch) throw new Error('Nothing could be leased');
  await run(`UPDATE providers SET key_lifetime = '5 minutes'`);
  const ids = (await one.waiting(batch)).map(({ id }) => id);
  const grant = await grantSlice(sql, {
    owner: one.id,
    batch,
    ids,
    terms: { leaseMs: 30_000, guardMs: 500, probe: false },
  });
  expect(grant?.keyLifetimeMs).toBe(300_000);
});

test('a probe goes to a mailing that sends again rather than to one that holds, whatever is more urgent', async () => {
  const { run, aPlannedMailing, dispatcher } = await setup();
  const holding = await aPlannedMailing({ onAmbiguous: 'hold', priority: 9, endsIn: '1h' });
  const resending = await aPlannedMailing();
  const one = await dispatcher();
  await run(
    `UPDATE providers SET breaker = 'half_open', probe_owner = $1, probe_until = ems_now() + interval '1m'`,
    [one.id],
  );
  const mayDoubt = { anyone: false };
  expect((await one.leaseToProbe(mayDoubt))?.mailingId).toBe(resending);
  expect((await one.leaseToProbe(mayDoubt))?.mailingId, 'when nothing else is due').toBe(holding);
});
