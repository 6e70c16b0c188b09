import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { grantPacedSlice } from '#libs/queue/grant';
import { setup } from '../../support/queue-scenario.js';

/** Milliseconds in which slots are reserved ahead, with the tick that has begun. */
const AHEAD = 520;

interface Reserved {
  instants: number[];
  shortOf: 'mailing' | 'provider' | null;
  freeAt: number | null;
}

let run: Awaited<ReturnType<typeof setup>>['run'];
let now: Awaited<ReturnType<typeof setup>>['now'];
let shiftClock: Awaited<ReturnType<typeof setup>>['shiftClock'];
beforeEach(async () => {
  ({ run, now, shiftClock } = await setup());
  await run('DELETE FROM slot_calendars');
  await run('UPDATE providers SET rate_limit = NULL');
});

async function reserve(
  mailing: { id?: number; limit: number | null },
  provider: { limit: number | null },
  wanted: number,
): Promise<Reserved> {
  const [row] = await run<Reserved>(
    `SELECT instants, short_of AS "shortOf", free_at AS "freeAt" FROM ems_reserve_slots($1, $2, 1, $3, $4)`,
    [mailing.id ?? 7, mailing.limit, provider.limit, wanted],
  );
  if (!row) throw new Error('There was no row');
  return row;
}

/** The most instants in any second of all. */
function mostInASecond(instants: readonly number[]): number {
  const sorted = instants.toSorted((a, b) => a - b);
  let start = 0;
  return sorted.reduce((most, instant, end) => {
    while (instant - (sorted[start] ?? 0) >= 1_000) start += 1;
    return Math.max(most, end - start + 1);
  }, 0);
}

const limit = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 2_000 }));

describe('slots', () => {
  test('never exceed the limit of a mailing nor that of the provider, whoever asks for how many and when', async () => {
    const step = fc.record({
      mailing: fc.integer({ min: 0, max: 2 }),
      wanted: fc.integer({ min: 1, max: 200 }),
      later: fc.constantFrom(0, 0, 0, 5, 30, 100, 400, 1_500),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.option(limit), limit, fc.option(limit)),
        limit,
        fc.array(step, { minLength: 20, maxLength: 40 }),
        async (mailings, provider, steps) => {
          await run('DELETE FROM slot_calendars');
          const taken: number[][] = [[], [], []];
          for (const { mailing, wanted, later } of steps) {
            if (later > 0) await shiftClock(`${later}ms`);
            const asked = await now();
            // Two at the same time, over two connections.
            const both = await Promise.all(
              [mailing, (mailing + 1) % 3].map(async (id) => {
                const { instants } = await reserve(
                  { id, limit: mailings[id] ?? null },
                  { limit: provider },
                  wanted,
                );
                taken[id]?.push(...instants);
                expect(instants.length).toBeLessThanOrEqual(wanted);
                return instants;
              }),
            );
            const answered = await now();
            expect(Math.min(asked + 1, ...both.flat())).toBeGreaterThan(asked);
            expect(Math.max(answered, ...both.flat())).toBeLessThan(answered + AHEAD);
          }
          for (const [id, instants] of taken.entries()) {
            expect(mostInASecond(instants)).toBeLessThanOrEqual(mailings[id] ?? Infinity);
          }
          expect(mostInASecond(taken.flat())).toBeLessThanOrEqual(provider);
        },
      ),
      { numRuns: 15 },
    );
  });

  test.each([1, 7, 30, 100, 999])(
    'of a limit of %i a second are handed out, all but a twentieth, to whoever always asks',
    async (perSecond) => {
      const from = await now();
      const instants: number[] = [];
      while ((await now()) < from + 20_000) {
        await shiftClock('200ms');
        instants.push(...(await reserve({ limit: perSecond }, { limit: null }, 500)).instants);
      }
      const inTime = instants.filter((instant) => instant < from + 20_000).length;
      expect(inTime).toBeGreaterThanOrEqual(Math.floor(20 * perSecond * 0.93) - 1);
      expect(inTime).toBeLessThanOrEqual(Math.ceil(20 * perSecond * 0.95) + 1);
    },
    30_000,
  );

  test('are spread evenly', async () => {
    const { instants } = await reserve({ limit: 1_000 }, { limit: null }, 200);
    const gaps = instants.slice(1).map((instant, nth) => instant - (instants[nth] ?? 0));
    expect(instants).toHaveLength(200);
    expect(Math.min(...gaps)).toBeGreaterThan(0.9);
    expect(Math.max(...gaps)).toBeLessThan(1.2);
  });

  test('need no limit but one, and are none without any', async () => {
    expect(await reserve({ limit: null }, { limit: null }, 5)).toEqual({
      instants: null,
      shortOf: null,
      freeAt: null,
    });
    expect((await reserve({ limit: null }, { limit: 1_000 }, 5)).instants).toHaveLength(5);
    expect((await reserve({ limit: 1_000 }, { limit: null }, 5)).instants).toHaveLength(5);
  });

  test('that run out say whose, and when to ask again', async () => {
    const first = await reserve({ limit: 10 }, { limit: 1_000 }, 20);
    expect(first).toMatchObject({ shortOf: 'mailing' });
    expect(await reserve({ limit: 1_000 }, { limit: 10 }, 20)).toMatchObject({ shortOf: 'provider' });
    expect(await reserve({ id: 8, limit: 1_000 }, { limit: 1_000 }, 2)).toMatchObject({
      shortOf: null,
      freeAt: null,
    });

    let none = await reserve({ limit: 1 }, { limit: null }, 1);
    while (none.instants.length > 0) none = await reserve({ limit: 1 }, { limit: null }, 1);
    expect(none).toMatchObject({ instants: [], shortOf: 'mailing' });
    await shiftClock(`${(none.freeAt ?? 0) - (await now())}ms`);
    expect((await reserve({ limit: 1 }, { limit: null }, 1)).instants).toHaveLength(1);
  });

  test('under a lowered limit start anew within half a second', async () => {
    await reserve({ limit: 1_000 }, { limit: null }, 500);
    const lowered = await now();
    const after: number[] = [];
    while ((await now()) < lowered + 3_000) {
      after.push(...(await reserve({ limit: 10 }, { limit: null }, 50)).instants);
      await shiftClock('100ms');
    }
    expect(mostInASecond(after)).toBeLessThanOrEqual(10);
    expect(after.length).toBeGreaterThan(20);
  });

  test('are forgotten an hour after nobody asked any more', async () => {
    await reserve({ id: 8, limit: 5 }, { limit: null }, 1);
    await shiftClock('59min');
    await reserve({ id: 9, limit: 5 }, { limit: null }, 1);
    expect(await run('SELECT id FROM slot_calendars ORDER BY id')).toEqual([{ id: 8 }, { id: 9 }]);
    await shiftClock('120min');
    await reserve({ id: 10, limit: 5 }, { limit: null }, 1);
    expect(await run('SELECT id FROM slot_calendars ORDER BY id')).toEqual([{ id: 10 }]);
  });
});

describe('a paced grant', () => {
  /** A leased batch of forty, of a mailing with a limit. */
  async function aLease(mailingLimit: number | null, providerLimit: number | null = null) {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 40 });
    await run('UPDATE mailings SET rate_limit = $2 WHERE id = $1', [mailing, mailingLimit]);
    await run('UPDATE providers SET rate_limit = $1', [providerLimit]);
    const one = await scenario.dispatcher();
    const batch = await one.lease();
    if (!batch) throw new Error('Nothing could be leased');
    const ids = (await one.waiting(batch)).map(({ id }) => id);
    const terms = { leaseMs: 30_000, guardMs: 500, probe: false };
    const grant = (slice = ids, owner = one.id) =>
      grantPacedSlice(scenario.sql, { owner, batch, ids: slice, terms });
    return { ...scenario, mailing, one, batch, ids, grant };
  }

  test('grants as many as there are slots, the lowest ids first', async () => {
    const { ids, grant, batches, mailing, batch } = await aLease(30);
    expect(batch.limitedBy).toBe('mailing');
    const granted = await grant();

    const count = granted?.ids.size ?? 0;
    expect(count).toBeGreaterThan(5);
    expect(count).toBeLessThan(18);
    expect([...(granted?.ids ?? [])]).toEqual(ids.slice(0, count));
    expect([...(granted?.slotless ?? [])]).toEqual(ids.slice(count));
    expect(granted?.slots).toHaveLength(count);
    expect(granted?.shortOf).toBe('mailing');
    expect(await batches(mailing)).toMatchObject([{ grantedUpto: ids[count - 1] }]);
  });

  test('without a slot leaves everything as it was', async () => {
    const { ids, grant, batches, mailing } = await aLease(null, 1);
    await grant();
    const before = await batches(mailing);
    const none = await grant(ids.slice(1));
    expect(none).toMatchObject({ slots: [], shortOf: 'provider' });
    expect(none?.ids.size).toBe(0);
    expect(await batches(mailing)).toEqual(before);
  });

  test('needs no slots once the limits are gone', async () => {
    const { ids, grant, batch, mailing, one } = await aLease(5);
    await run('UPDATE mailings SET rate_limit = NULL WHERE id = $1', [mailing]);
    const granted = await grant();
    expect(granted).toMatchObject({ slots: null, shortOf: null, freeAt: null });
    expect([...(granted?.ids ?? [])]).toEqual(ids);
    expect(await one.grant(batch, await one.waiting(batch))).toEqual(ids);
  });

  test.each([
    ['the mailing is paused', `UPDATE mailings SET status = 'paused'`],
    [
      'the mailing has ended',
      `UPDATE mailings SET end_at = ems_now() + interval '400ms', start_at = '2000-01-01'`,
    ],
    ['its window is over', `UPDATE batches SET not_after = ems_now()`],
    ['the breaker is open', `UPDATE providers SET breaker = 'open'`],
    ['the lease was taken over', `UPDATE batches SET fence = fence + 1`],
  ])('is refused when %s, and takes no slot', async (_, change) => {
    const { grant } = await aLease(30);
    await run(change);
    expect(await grant()).toBeUndefined();
    expect(await run('SELECT id FROM slot_calendars')).toEqual([]);
  });

  test('takes no slot for what was settled since the lease', async () => {
    const { ids, grant } = await aLease(1_000);
    await run(`UPDATE messages SET status = 'cancelled' WHERE id = ANY ($1)`, [ids.slice(0, 39)]);
    await run('DELETE FROM mailing_counters');
    await run(`INSERT INTO mailing_counters (mailing_id, shard, pending, cancelled)
      SELECT m, 0, 1, 39 FROM unnest(ARRAY[0, (SELECT max(id) FROM mailings)]) AS m`);
    const granted = await grant();
    expect([...(granted?.ids ?? [])]).toEqual(ids.slice(39));
    expect(granted?.slots).toHaveLength(1);
  });

  test('is the only one that a limit lets pass, but for a probe', async () => {
    const { one, batch, ids } = await aLease(30);
    const [message] = await one.waiting(batch);
    if (!message) throw new Error('There is none');
    expect(await one.grant(batch, [message])).toBeUndefined();
    expect(await one.grant(batch, [message], { probe: true })).toEqual(ids.slice(0, 1));
  });
});

describe('a lease', () => {
  test('passes over mailings that wait for slots, and over all with a limit where there is no room', async () => {
    const { aPlannedMailing, dispatcher } = await setup();
    const limited = await aPlannedMailing({ endsIn: '1h' });
    const other = await aPlannedMailing({ endsIn: '2h' });
    const unlimited = await aPlannedMailing({ endsIn: '3h' });
    await run('UPDATE mailings SET rate_limit = 5 WHERE id = ANY ($1)', [[limited, other]]);
    const one = await dispatcher();
    const leased = async (waitingMailings: (number | null)[]) => {
      const batch = await one.lease({ waitingMailings });
      if (batch) await one.release(batch);
      return batch?.mailingId;
    };
    expect(await leased([])).toBe(limited);
    expect(await leased([limited])).toBe(other);
    expect(await leased([limited, other])).toBe(unlimited);
    expect(await leased([null])).toBe(unlimited);
  });
});
