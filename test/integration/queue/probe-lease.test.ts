import { describe, expect, test } from 'vitest';
import { openBreaker, takeProbe } from '#libs/providers/breaker';
import { setup } from '../../support/queue-scenario.js';

describe('a probe', () => {
  /** An urgent mailing and another one, with the right to probe. */
  async function twoMailings() {
    const scenario = await setup();
    const urgent = await scenario.aPlannedMailing({ onAmbiguous: 'hold' });
    const other = await scenario.aPlannedMailing();
    await scenario.run('UPDATE mailings SET priority = 100 WHERE id = $1', [urgent]);
    const one = await scenario.dispatcher();
    await openBreaker(scenario.sql, 1, { reason: 'misconfigured: HTTP 403', retryInMs: -1 });
    await takeProbe(scenario.sql, 1, one.id, 5_000);
    return { urgent, other, one };
  }

  test('goes to the mailing that was probed with least recently, whatever the priorities', async () => {
    const { urgent, other, one } = await twoMailings();
    expect(await one.leaseToProbe({ recentMailings: [urgent] })).toMatchObject({ mailingId: other });
    expect(await one.leaseToProbe({ recentMailings: [other] })).toMatchObject({ mailingId: urgent });
  });

  test('goes to one that sends a doubtful message again, where it may end in doubt', async () => {
    const { other, one } = await twoMailings();
    expect(await one.leaseToProbe({ recentMailings: [other], anyone: false })).toMatchObject({
      mailingId: other,
    });
  });

  test('goes to whoever had no suspicious answer yet, though others close sooner and are many', async () => {
    const { sql, run, dispatcher, aPlannedMailing } = await setup();
    const mailing = await aPlannedMailing({ count: 30, endsIn: '1h' });
    const one = await dispatcher();
    const [fresh] = await run<{ id: number }>('SELECT max(id) AS id FROM batches WHERE mailing_id = $1', [
      mailing,
    ]);
    // Twenty messages wait for their retry, each in a batch of its own whose window closes before the others'.
    await run(
      `WITH retried AS (
         SELECT id, row_number() OVER (ORDER BY id) + 1000 AS batch FROM messages WHERE mailing_id = $1 LIMIT 20
       ), opened AS (
         INSERT INTO batches (id, mailing_id, provider_id, size, not_after, due_at)
         SELECT batch, $1, 1, 1, ems_now() + interval '10 minutes', ems_now() - interval '1 second' FROM retried
       )
       UPDATE messages m SET batch_id = r.batch, suspicions = 1 FROM retried r WHERE m.id = r.id`,
      [mailing],
    );
    await openBreaker(sql, 1, { reason: 'misconfigured: HTTP 403', retryInMs: -1 });
    await takeProbe(sql, 1, one.id, 5_000);

    expect(await one.leaseToProbe()).toMatchObject({ id: fresh?.id });
    expect(await one.leaseToProbe(), 'when there is nobody else').toMatchObject({ mailingId: mailing });
  });
});

describe('a probe among thirty mailings whose recipients are all in trouble', () => {
  /** All of them due, and one mailing that is well and was probed with lately. */
  async function thirtyAndOne() {
    const { sql, run, dispatcher, aPlannedMailing } = await setup();
    const well = await aPlannedMailing({ endsIn: '1h' });
    for (let nth = 0; nth < 30; nth += 1) await aPlannedMailing({ endsIn: '1h' });
    await run('UPDATE messages SET suspicions = 1 WHERE mailing_id <> $1', [well]);
    const one = await dispatcher();
    await openBreaker(sql, 1, { reason: 'misconfigured: HTTP 403', retryInMs: -1 });
    await takeProbe(sql, 1, one.id, 5_000);
    return { well, one };
  }

  test('goes to whoever had no suspicious answer, though another one was probed with lately', async () => {
    const { well, one } = await thirtyAndOne();
    expect(await one.leaseToProbe({ recentMailings: [well] })).toMatchObject({ mailingId: well });
  });

  test('goes to each mailing in its turn as well: there may be nobody else left in one that is well', async () => {
    const { well, one } = await thirtyAndOne();
    const batch = await one.leaseToProbe({ recentMailings: [well], unsuspectedFirst: false });
    expect(batch?.mailingId).not.toBe(well);
  });
});

test('a probe looks into every mailing, however many batches of others are due', async () => {
  const { sql, run, dispatcher, aPlannedMailing } = await setup();
  const well = await aPlannedMailing({ endsIn: '1h' });
  const crowd = [await aPlannedMailing({ endsIn: '1h' }), await aPlannedMailing({ endsIn: '1h' })];
  await run('UPDATE messages SET suspicions = 1 WHERE mailing_id <> $1', [well]);
  await run(
    `INSERT INTO batches (mailing_id, provider_id, size, not_after, due_at)
     SELECT id, 1, 1, ems_now() + interval '10 minutes', ems_now() - interval '1 second'
     FROM unnest($1::bigint[]) AS id, generate_series(1, 300)`,
    [crowd],
  );
  const one = await dispatcher();
  await openBreaker(sql, 1, { reason: 'misconfigured: HTTP 403', retryInMs: -1 });
  await takeProbe(sql, 1, one.id, 5_000);

  expect(await one.leaseToProbe({ recentMailings: [well] })).toMatchObject({ mailingId: well });
});
