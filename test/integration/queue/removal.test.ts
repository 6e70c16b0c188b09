import { describe, expect, test } from 'vitest';
import { ClientStore } from '#libs/clients';
import { cancelMessagesOfClient } from '#libs/messages';
import { leasePlan, planPage } from '#libs/queue/plan';
import { finishMailings, purgeDeletedMailings } from '#libs/queue/recover';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';
import { failed, sent } from '../../support/message-outcomes.js';

describe('deleting a client', () => {
  test('cancels what it has not been sent yet in every mailing, and nothing else', async () => {
    const { sql, clients, aMailing, plan, dispatcher, messages } = await setup();
    const [first, second] = await clients({ count: 2 });
    const [sentOne, openOne, pausedOne] = [
      await aMailing({ priority: 9 }),
      await aMailing(),
      await aMailing(),
    ];
    await plan();
    const one = await dispatcher();
    const { batch, messages: all } = await one.leaseAndGrant();
    await one.record(sent(batch, all[0] ?? { id: 0 }), failed(batch, all[1] ?? { id: 0 }));

    expect(await cancelMessagesOfClient(sql, first ?? 0)).toBe(2);
    expect((await messages(sentOne)).map(({ status }) => status)).toEqual(['sent', 'failed']);
    for (const mailing of [openOne, pausedOne]) {
      expect(await messages(mailing)).toMatchObject([
        { clientId: first, status: 'cancelled', lastError: 'the client was deleted' },
        { clientId: second, status: 'pending' },
      ]);
    }
    expect(await cancelMessagesOfClient(sql, first ?? 0)).toBe(0);
  });

  test('reaches a message that is being planned at that moment', async () => {
    const { sql, clients, aMailing, statuses, fromBefore, untilWaiting } = await setup();
    const [client = 0] = await clients();
    const mailing = await aMailing();
    const lease = await leasePlan(sql, 30_000);
    if (!lease) throw new Error('Nothing is to be planned');
    let deletion: Promise<boolean> | undefined;
    await fromBefore(
      async () => {
        deletion = new ClientStore(sql).delete(client);
        await Promise.race([untilWaiting(2), deletion]);
      },
      () => planPage(sql, lease, { size: 100, guardMs: 500, leaseMs: 30_000, shard: 3 }),
    );

    expect(await deletion).toBe(true);
    expect(await statuses(mailing)).toEqual({ cancelled: 1 });
  });

  test('a message in doubt becomes unknown', async () => {
    const { sql, run, clients, aMailing, plan, statuses } = await setup();
    const [client] = await clients();
    const mailing = await aMailing();
    await plan();
    await run('UPDATE messages SET in_doubt_since = now()');
    await cancelMessagesOfClient(sql, client ?? 0);

    expect(await statuses(mailing)).toEqual({ unknown: 1 });
  });

  test('leaves finished mailings as they are', async () => {
    const { sql, run, clients, aMailing, plan, statuses } = await setup();
    const [client] = await clients();
    const mailing = await aMailing();
    await plan();
    await run(`UPDATE mailings SET finished_at = ems_now()`);

    expect(await cancelMessagesOfClient(sql, client ?? 0)).toBe(0);
    expect(await statuses(mailing)).toEqual({ pending: 1 });
  });

  test('while its message is being sent: the acceptance counts, whichever is first', async () => {
    const { sql, aPlannedMailing, dispatcher, messages, statuses } = await setup();
    const mailing = await aPlannedMailing({ count: 20 });
    const made = await messages(mailing);
    const one = await dispatcher();
    const { batch } = await one.leaseAndGrant();
    await Promise.all(
      made.flatMap((message) => [
        cancelMessagesOfClient(sql, message.clientId),
        one.record(...made.map((each) => sent(batch, { id: each.id }))),
      ]),
    );

    expect(await statuses(mailing)).toEqual({ sent: 20 });
  });
});

/** Purges until there is nothing to purge; returns how many rows went in each call. */
async function purgeAll({ sql }: Pick<QueueScenario, 'sql'>): Promise<number[]> {
  const purged: number[] = [];
  do purged.push(await purgeDeletedMailings(sql, 4));
  while (purged.at(-1));
  return purged;
}

describe('clearing a deleted mailing away', () => {
  test('takes its batches, messages, attempts, counters and confirmations, and its part of the total', async () => {
    const scenario = await setup();
    const { run, aPlannedMailing, dispatcher, statuses, setStatus, sql } = scenario;
    const doomed = await aPlannedMailing({ count: 6_000, priority: 1 });
    const kept = await aPlannedMailing({ count: 5 });
    const one = await dispatcher();
    const { batch, messages } = await one.leaseAndGrant();
    await one.record(sent(batch, messages[0] ?? { id: 0 }), failed(batch, messages[1] ?? { id: 0 }));
    await one.release(batch);
    await setStatus(doomed, 'cancelled');
    await run(`INSERT INTO control_confirmations SELECT id, gen_random_uuid(), 1, 0, now() FROM mailings`);
    await run('UPDATE mailings SET deleted_at = ems_now() WHERE id = $1', [doomed]);

    expect(await purgeAll({ sql })).toEqual([10, 2, 1, 0]);
    expect(await run('SELECT id FROM mailings')).toEqual([{ id: kept }]);
    expect(await run('SELECT DISTINCT mailing_id AS id FROM batches')).toEqual([{ id: kept }]);
    expect(await run('SELECT DISTINCT mailing_id AS id FROM messages')).toEqual([{ id: kept }]);
    expect(await run('SELECT mailing_id AS id FROM control_confirmations')).toEqual([{ id: kept }]);
    expect(await run('SELECT FROM attempts')).toEqual([]);
    expect(await run('SELECT FROM mailing_counters WHERE mailing_id = $1', [doomed])).toEqual([]);
    expect(await statuses(kept)).toEqual({ pending: 5 });
    await scenario.expectCountersExact();
  });

  test('waits for what is leased: its last retries may join any batch of the mailing', async () => {
    const scenario = await setup();
    const { run, aPlannedMailing, dispatcher, setStatus } = scenario;
    const mailing = await aPlannedMailing({ count: 1_002 });
    const one = await dispatcher();
    const { batch, messages } = await one.leaseAndGrant();
    await setStatus(mailing, 'cancelled');
    await run('UPDATE mailings SET deleted_at = ems_now()');

    expect(await purgeAll(scenario)).toEqual([0]);
    await one.record(...messages.map((message) => sent(batch, message)));
    await one.release(batch);
    expect(await purgeAll(scenario)).toEqual([3, 1, 0]);
    expect(await run('SELECT FROM messages')).toEqual([]);
  });

  test('is shared by several who clear away at the same time', async () => {
    const scenario = await setup();
    const { run, aPlannedMailing } = scenario;
    await Promise.all([1, 2, 3].map(() => aPlannedMailing({ count: 20 })));
    await run(`UPDATE mailings SET status = 'completed', deleted_at = ems_now()`);
    await Promise.all([purgeAll(scenario), purgeAll(scenario), purgeAll(scenario)]);
    await purgeAll(scenario);

    expect(await run('SELECT FROM mailings')).toEqual([]);
    expect(await run('SELECT FROM messages')).toEqual([]);
  });

  test('leaves mailings that were not deleted to their end', async () => {
    const scenario = await setup();
    await scenario.aMailing();
    await scenario.plan();
    await finishMailings(scenario.sql);

    expect(await purgeAll(scenario)).toEqual([0]);
  });
});
