import { describe, expect, test } from 'vitest';
import { isOutranked, takeTickets } from '#libs/queue/lease';
import { setup } from '../../support/queue-scenario.js';
import type { QueueDispatcher } from '../../support/queue-dispatcher.js';

/** The mailings of the batches that are leased one after another, with the memory of those served before. */
async function leasesInTurn(one: QueueDispatcher, count: number, alternate: boolean): Promise<number[]> {
  const served: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const recentMailings = [...new Set(served.toReversed())].toReversed();
    const batch = await one.lease({ recentMailings, fair: alternate && turn % 2 === 1 });
    if (batch) served.push(batch.mailingId);
  }
  return served;
}

describe('the serving order', () => {
  test('puts the higher priority first, whatever the deadlines', async () => {
    const { aPlannedMailing, dispatcher } = await setup();
    const low = await aPlannedMailing({ priority: 1, endsIn: '1min' });
    const high = await aPlannedMailing({ priority: 9, endsIn: '5d' });
    const middle = await aPlannedMailing({ priority: 5, endsIn: '1h' });

    expect(await leasesInTurn(await dispatcher(), 3, true)).toEqual([high, middle, low]);
  });

  test('has nothing for one who asks for more than the highest priority', async () => {
    const { aPlannedMailing, dispatcher } = await setup();
    await aPlannedMailing({ priority: 4 });
    const high = await aPlannedMailing({ priority: 5 });
    const one = await dispatcher();

    expect(await one.lease({ above: 5 })).toBeUndefined();
    expect(await one.lease({ above: 4 })).toMatchObject({ mailingId: high, priority: 5 });
    expect(await one.lease({ above: 4 })).toBeUndefined();
  });

  test("puts the earliest deadline first, be it the end or the window's close", async () => {
    const { aPlannedMailing, setClock, dispatcher } = await setup();
    await setClock('2030-01-10T12:00Z');
    const late = await aPlannedMailing({ endsIn: '9h' });
    const soon = await aPlannedMailing({ endsIn: '7h' });
    const closing = await aPlannedMailing({ endsIn: '3d', window: ['09:00', '20:00'] });

    expect(await leasesInTurn(await dispatcher(), 3, false)).toEqual([soon, closing, late]);
  });

  test('gives every other lease to the mailing served least recently', async () => {
    const { aPlannedMailing, dispatcher } = await setup();
    const huge = await aPlannedMailing({ count: 5_000, endsIn: '1h' });
    const small = await aPlannedMailing({ count: 501, endsIn: '2h' });

    const served = await leasesInTurn(await dispatcher(), 5, true);
    expect(served).toEqual([huge, small, huge, small, huge]);
  });

  test('within a mailing, takes what closes first, then what was planned first', async () => {
    const { run, aPlannedMailing, batches, dispatcher } = await setup();
    const mailing = await aPlannedMailing({ count: 1_501 });
    const [first, second, third, closing] = (await batches(mailing)).map(({ id }) => id);
    await run(`UPDATE batches SET not_after = ems_now() + interval '1h' WHERE id = $1`, [closing]);
    const one = await dispatcher();

    const order = [await one.lease(), await one.lease(), await one.lease(), await one.lease()];
    expect(order.map((batch) => batch?.id)).toEqual([closing, first, second, third]);
  });
});

describe('tickets', () => {
  const terms = {
    depth: 3,
    validMs: 6_000,
    guardMs: 500,
    recentMailings: [],
    waitingMailings: [],
    fair: false,
  };

  test('name due batches with their fence and due time, at most as many as the queue is deep', async () => {
    const { sql, aPlannedMailing, batches } = await setup();
    const mailing = await aPlannedMailing({ count: 2_001 });

    const tickets = await takeTickets(sql, terms);
    expect(tickets).toHaveLength(3);
    const made = await batches(mailing);
    for (const ticket of tickets) {
      const batch = made.find(({ id }) => id === ticket.batchId);
      expect(ticket).toMatchObject({ mailingId: mailing, fence: 0 });
      expect(ticket.dueAt).toBeCloseTo(batch?.dueAt.getTime() ?? 0, -1);
      expect(batch?.ticketedUntil).not.toBeNull();
    }
    expect(await takeTickets(sql, terms)).toEqual([]);
  });

  test('make room when they are taken up', async () => {
    const { sql, aPlannedMailing, dispatcher } = await setup();
    await aPlannedMailing({ count: 2_001 });
    const [ticket] = await takeTickets(sql, terms);
    await (await dispatcher()).leaseTicketed({ id: ticket?.batchId ?? 0, fence: ticket?.fence ?? 0 });

    expect(await takeTickets(sql, terms)).toHaveLength(1);
  });

  test('give way to what has a higher priority while it can be sent', async () => {
    const { sql, run, aPlannedMailing, shiftClock } = await setup();
    await aPlannedMailing({ priority: 5 });
    const [ticket] = await takeTickets(sql, terms);
    const outranked = (waitingMailings: (number | null)[] = []) =>
      isOutranked(sql, ticket?.batchId ?? 0, { guardMs: 500, waitingMailings });
    await aPlannedMailing({ priority: 5 });
    await aPlannedMailing({ priority: 4 });
    expect(await outranked(), 'no other is higher').toBe(false);

    const high = await aPlannedMailing({ priority: 6, endsIn: '1h' });
    expect(await outranked()).toBe(true);
    const unless = async (change: string, back: string) => {
      await run(change);
      expect(await outranked(), change).toBe(false);
      await run(back);
      expect(await outranked(), back).toBe(true);
    };
    const mailing = (set: string) => `UPDATE mailings SET ${set} WHERE id = ${high}`;
    const batch = (set: string) => `UPDATE batches SET ${set} WHERE mailing_id = ${high}`;
    await unless(mailing(`status = 'paused'`), mailing(`status = 'running'`));
    await unless(mailing('deleted_at = now()'), mailing('deleted_at = NULL'));
    await unless(batch(`due_at = due_at + interval '1 day'`), batch(`due_at = due_at - interval '1 day'`));
    await unless(batch(`state = 'done'`), batch(`state = 'ready'`));
    await unless(batch('not_after = ems_now()'), batch(`not_after = 'infinity'`));
    await unless(`UPDATE providers SET breaker = 'open'`, `UPDATE providers SET breaker = 'closed'`);
    await run(mailing('rate_limit = 10'));
    expect(await outranked([high]), 'it waits for slots').toBe(false);
    expect(await outranked()).toBe(true);
    await shiftClock('2h');
    expect(await outranked(), 'it is over').toBe(false);
  });

  test('are written anew when nobody took them up in their time', async () => {
    const { sql, aPlannedMailing, shiftClock } = await setup();
    await aPlannedMailing({ count: 501 });
    const first = await takeTickets(sql, terms);
    await shiftClock('5s');
    expect(await takeTickets(sql, terms)).toEqual([]);
    await shiftClock('1.1s');

    const ids = (tickets: typeof first) => new Set(tickets.map(({ batchId }) => batchId));
    expect(ids(await takeTickets(sql, terms))).toEqual(ids(first));
  });

  test('are not written twice by two who choose at the same time', async () => {
    const { sql, aPlannedMailing } = await setup();
    await aPlannedMailing({ count: 5_000 });

    const chosen = await Promise.all([1, 2, 3, 4].map(() => takeTickets(sql, { ...terms, depth: 2 })));
    const ids = chosen.flat().map(({ batchId }) => batchId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('follow the serving order', async () => {
    const { sql, aPlannedMailing } = await setup();
    const unimportant = await aPlannedMailing({ count: 501, endsIn: '1h' });
    const important = await aPlannedMailing({ count: 501, priority: 3 });

    const tickets = await takeTickets(sql, terms);
    expect(tickets.map(({ mailingId }) => mailingId)).toEqual([important, important, unimportant]);
    const [only] = await takeTickets(sql, { ...terms, depth: 4 });
    expect(only?.mailingId).toBe(unimportant);
  });

  test.for([
    ['a paused mailing', `UPDATE mailings SET status = 'paused'`],
    ['a cancelled mailing', `UPDATE mailings SET status = 'cancelled'`],
    ['a deleted mailing', `UPDATE mailings SET deleted_at = ems_now()`],
    ['a mailing at its end', `UPDATE mailings SET end_at = ems_now() + interval '400ms'`],
    ['an open breaker', `UPDATE providers SET breaker = 'open'`],
    ['a half-open breaker', `UPDATE providers SET breaker = 'half_open'`],
    ['a batch that is not due', `UPDATE batches SET due_at = ems_now() + interval '1s'`],
    ['a window that is closing', `UPDATE batches SET not_after = ems_now() + interval '400ms'`],
    ['a leased batch', `UPDATE batches SET state = 'leased'`],
  ] as const)('are not written for %s', async ([, change]) => {
    const { sql, run, aPlannedMailing } = await setup();
    await aPlannedMailing();
    await run(change);

    expect(await takeTickets(sql, terms)).toEqual([]);
  });
});
