import { describe, expect, test } from 'vitest';
import { leasePlan, type PlanLease, planPage } from '#libs/queue/plan';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';

const page = { size: 4, guardMs: 500, leaseMs: 30_000, shard: 3 };
const nothing = { messages: 0, expired: 0, batches: 0, finished: true };

async function taken({ sql }: Pick<QueueScenario, 'sql'>): Promise<PlanLease> {
  const lease = await leasePlan(sql, 30_000);
  if (!lease) throw new Error('There was no mailing to plan');
  return lease;
}

describe('planning', () => {
  test('gives every client one message with the phone of that moment, ready to be sent', async () => {
    const { run, clients, aMailing, plan, messages, batches, statuses, now } = await setup();
    const ids = await clients({ count: 10 });
    const mailing = await aMailing();

    expect(await plan()).toEqual([{ messages: 10, expired: 0, batches: 1, finished: true }]);

    const made = await messages(mailing);
    expect(made.map(({ clientId }) => clientId)).toEqual(ids);
    const phones = await run<{ phone: number }>('SELECT phone FROM clients ORDER BY id');
    expect(made.map(({ phone }) => phone)).toEqual(phones.map(({ phone }) => phone));
    expect(await statuses(mailing)).toEqual({ pending: 10 });
    const [batch] = await batches(mailing);
    expect(batch).toMatchObject({ state: 'ready', size: 10, timezone: null, fence: 0, owner: null });
    expect(batch).toMatchObject({ notBefore: -Infinity, notAfter: Infinity });
    expect(batch?.dueAt.getTime()).toBeLessThanOrEqual(await now());
    const [row] = await run('SELECT status, planned_at, started_at FROM mailings');
    expect(row).toEqual({
      status: 'running',
      planned_at: expect.any(Date) as Date,
      started_at: expect.any(Date) as Date,
    });
  });

  test.for([1, 3, 4, 12, 13, 25])(
    'goes on where it stopped when its planner dies after each page of %i clients',
    async (size) => {
      const { sql, clients, aMailing, messages, shiftClock } = await setup();
      const ids = await clients({ count: 12 });
      const mailing = await aMailing();

      let finished = false;
      let pages = 0;
      while (!finished) {
        ({ finished } = await planPage(sql, await taken({ sql }), { ...page, size }));
        expect(await leasePlan(sql, 30_000)).toBeUndefined();
        await shiftClock('31s');
        pages += 1;
      }

      expect((await messages(mailing)).map(({ clientId }) => clientId)).toEqual(ids);
      // A full page leaves open whether there is another one.
      expect(pages).toBe(Math.floor(12 / size) + 1);
    },
  );

  test('leaves out clients that were added after it began', async () => {
    const { sql, clients, aMailing, plan, shiftClock, statuses } = await setup();
    await clients({ count: 6 });
    const mailing = await aMailing();
    await planPage(sql, await taken({ sql }), page);
    await clients({ count: 5 });
    await shiftClock('31s');

    await plan();

    expect(await statuses(mailing)).toEqual({ pending: 6 });
  });

  test('does not send twice to a client that a page meets again', async () => {
    const { run, clients, aMailing, plan, statuses } = await setup();
    await clients({ count: 6 });
    const mailing = await aMailing();
    await plan();
    await run('UPDATE mailings SET planned_at = NULL, plan_cursor = 0, plan_lease_until = NULL');

    expect(await plan()).toMatchObject([{ messages: 0 }]);
    expect(await statuses(mailing)).toEqual({ pending: 6 });
  });

  test('writes the others of a page that meets clients again', async () => {
    const { run, clients, aMailing, plan, statuses } = await setup();
    await clients({ count: 3 });
    const mailing = await aMailing();
    await plan();
    await clients({ count: 2 });
    await run(
      `UPDATE mailings SET planned_at = NULL, plan_cursor = 0, plan_upto = plan_upto + 2, plan_lease_until = NULL`,
    );

    expect(await plan()).toMatchObject([{ messages: 2 }]);
    expect(await statuses(mailing)).toEqual({ pending: 5 });
  });

  test('waits for the start, and takes the more important mailing first', async () => {
    const { sql, clients, aMailing, shiftClock } = await setup();
    await clients();
    const later = await aMailing({ startsIn: '1h' });
    const unimportant = await aMailing({ startsIn: '-1h' });
    const important = await aMailing({ startsIn: '-1s', priority: 5 });

    expect((await taken({ sql })).mailingId).toBe(important);
    expect((await taken({ sql })).mailingId).toBe(unimportant);
    expect(await leasePlan(sql, 30_000)).toBeUndefined();
    await shiftClock('1h');
    // The leases of the other two are over as well.
    expect((await taken({ sql })).mailingId).toBe(important);
    expect((await taken({ sql })).mailingId).toBe(unimportant);
    expect((await taken({ sql })).mailingId).toBe(later);
  });

  test('is over at once when nobody matches', async () => {
    const { clients, aMailing, plan, batches } = await setup();
    await clients({ tags: ['a'] });
    const mailing = await aMailing({ audience: { tags: ['b'] } });

    expect(await plan()).toEqual([{ ...nothing, finished: true }]);
    expect(await batches(mailing)).toEqual([]);
  });
});

describe('two planners', () => {
  test('never take the same mailing at the same time', async () => {
    const { sql, clients, aMailing } = await setup();
    await clients();
    await Promise.all([aMailing(), aMailing(), aMailing()]);

    const leases = await Promise.all(Array.from({ length: 8 }, () => leasePlan(sql, 30_000)));

    const mailings = leases.flatMap((lease) => lease?.mailingId ?? []);
    expect(new Set(mailings).size).toBe(mailings.length);
  });

  test('plan everything once between them', async () => {
    const { clients, aMailing, plan, statuses } = await setup();
    await clients({ count: 40 });
    const mailings = await Promise.all(Array.from({ length: 4 }, () => aMailing()));

    await Promise.all([plan({ size: 7 }), plan({ size: 5 }), plan({ size: 9 })]);

    for (const mailing of mailings) expect(await statuses(mailing)).toEqual({ pending: 40 });
  });

  test('the one whose lease ran out writes nothing more', async () => {
    const { sql, clients, aMailing, shiftClock, statuses } = await setup();
    await clients({ count: 8 });
    const mailing = await aMailing();
    const slow = await taken({ sql });
    await shiftClock('31s');
    const other = await taken({ sql });

    expect(await planPage(sql, slow, page)).toEqual(nothing);
    expect(await statuses(mailing)).toEqual({});
    expect(await planPage(sql, other, page)).toMatchObject({ messages: 4, finished: false });
  });

  test('a page renews the lease', async () => {
    const { sql, clients, aMailing, shiftClock } = await setup();
    await clients({ count: 20 });
    await aMailing();
    const lease = await taken({ sql });
    await shiftClock('20s');
    await planPage(sql, lease, page);
    await shiftClock('20s');

    expect(await leasePlan(sql, 30_000)).toBeUndefined();
  });
});

describe('a mailing that is stopped while it is planned', () => {
  async function halfPlanned() {
    const scenario = await setup();
    await scenario.clients({ count: 6 });
    const mailing = await scenario.aMailing({ endsIn: '1h' });
    const lease = await taken(scenario);
    await planPage(scenario.sql, lease, page);
    return { ...scenario, mailing, lease };
  }

  test.for(['cancelled', 'deleted'])('%s: no further page is written', async (how) => {
    const { sql, run, mailing, lease, setStatus, shiftClock, statuses } = await halfPlanned();
    if (how === 'cancelled') await setStatus(mailing, 'cancelled');
    else await run('UPDATE mailings SET deleted_at = ems_now() WHERE id = $1', [mailing]);

    expect(await planPage(sql, lease, page)).toEqual(nothing);
    await shiftClock('2h');
    expect(await leasePlan(sql, 30_000)).toBeUndefined();
    expect(await statuses(mailing)).toEqual({ pending: 4 });
  });

  test('paused: it goes on after it was resumed', async () => {
    const { sql, mailing, lease, setStatus, shiftClock, plan, statuses } = await halfPlanned();
    await setStatus(mailing, 'paused');

    expect(await planPage(sql, lease, page)).toEqual(nothing);
    await shiftClock('31s');
    expect(await leasePlan(sql, 30_000)).toBeUndefined();
    await setStatus(mailing, 'running');
    await plan();
    expect(await statuses(mailing)).toEqual({ pending: 6 });
  });

  test('paused until its end: what was not planned yet expires', async () => {
    const { run, mailing, setStatus, shiftClock, plan, statuses } = await halfPlanned();
    await setStatus(mailing, 'paused');
    await shiftClock('1h');
    await plan();

    // The batch of the first page is closed by another duty.
    expect(await statuses(mailing)).toEqual({ pending: 4, expired: 2 });
    expect(await run('SELECT status FROM mailings WHERE planned_at IS NOT NULL')).toEqual([
      { status: 'paused' },
    ]);
  });

  test('paused before its start and until its end: every client gets an expired message', async () => {
    const { clients, aMailing, plan, shiftClock, statuses, batches } = await setup();
    await clients({ count: 5 });
    const mailing = await aMailing({ startsIn: '1min', endsIn: '1h', status: 'paused' });
    await shiftClock('2min');
    expect(await plan()).toEqual([]);
    await shiftClock('1h');

    expect(await plan()).toEqual([{ messages: 5, expired: 5, batches: 1, finished: true }]);
    expect(await statuses(mailing)).toEqual({ expired: 5 });
    expect(await batches(mailing)).toMatchObject([{ state: 'done' }]);
  });
});
