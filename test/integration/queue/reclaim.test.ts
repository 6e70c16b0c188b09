import { describe, expect, test } from 'vitest';
import { cancelMessagesOfClient } from '#libs/messages';
import { closeBreaker, openBreaker, takeProbe } from '#libs/providers/breaker';
import { reclaimAbandonedBatches } from '#libs/queue/recover';
import { aDeadDispatcher, later, reclaimTerms } from '../../support/dead-dispatcher.js';
import { failed, notNow, sent } from '../../support/message-outcomes.js';
import { steadyJudge } from '../../support/queue-dispatcher.js';
import { setup } from '../../support/queue-scenario.js';

describe('a batch is taken back', () => {
  test('only after its lease ran out and its owner was silent', async () => {
    const { batch, mailing, dead, reclaim, shiftClock, batches, now } = await aDeadDispatcher();
    await shiftClock('25s');
    expect(await reclaim(), 'silent, but the lease holds').toEqual([]);
    await shiftClock('6s');
    await dead.beat();
    expect(await reclaim(), 'the lease is over, but the owner lives').toEqual([]);
    await shiftClock('9s');
    expect(await reclaim(), 'not silent for long enough').toEqual([]);
    await shiftClock('1.1s');

    expect(await reclaim()).toEqual([{ id: batch.id, mailingId: mailing, owner: dead.id, doubtfulInAll: 5 }]);
    expect(await batches(mailing)).toMatchObject([
      {
        state: 'ready',
        owner: null,
        fence: batch.fence + 1,
        leaseUntil: null,
        grantedUpto: 0,
        ticketedUntil: null,
      },
    ]);
    expect((await batches(mailing))[0]?.dueAt.getTime()).toBeLessThan(await now());
    expect(await reclaim()).toEqual([]);
  });

  test('by nobody who was out of touch with the database himself', async () => {
    const { sql, batch, dead, dispatcher, shiftClock } = await aDeadDispatcher();
    const judge = await dispatcher();
    await shiftClock('31s');
    const judged = () => reclaimAbandonedBatches(sql, judge, reclaimTerms);
    expect(await judged(), 'its own last beat is as old as the other one').toEqual([]);
    await judge.beat();
    expect(await judged(), 'it has only just come back').toEqual([]);
    for (const step of ['4s', '4s']) {
      await shiftClock(step);
      await judge.beat();
    }
    expect(await judged(), 'it has not been steady for as long').toEqual([]);

    await dead.beat();
    await shiftClock('3s');
    await judge.beat();
    expect(await judged(), 'the other one has come back meanwhile').toEqual([]);

    for (const step of ['4s', '3.5s']) {
      await shiftClock(step);
      await judge.beat();
    }
    expect(await judged()).toMatchObject([{ id: batch.id, owner: dead.id }]);
  });

  test('when its owner is not even on the list any more', async () => {
    const { run, batch, reclaim, shiftClock } = await aDeadDispatcher();
    await run('DELETE FROM dispatchers');
    expect(await reclaim()).toEqual([]);
    await later({ shiftClock });

    expect(await reclaim()).toMatchObject([{ id: batch.id }]);
  });

  test('with one message in doubt when all that was granted was a probe', async () => {
    const { sql, dispatcher, aPlannedMailing, shiftClock, messages } = await setup();
    const mailing = await aPlannedMailing({ count: 8, endsIn: '1h' });
    const dead = await dispatcher();
    await openBreaker(sql, 1, { reason: 'unreachable', retryInMs: -1 });
    await takeProbe(sql, 1, dead.id, 5_000);
    const batch = await dead.leaseToProbe();
    if (!batch) throw new Error('Nothing could be leased');
    const all = await dead.waiting(batch);
    await dead.grant(batch, all.slice(5, 6), { probe: true });
    await shiftClock('31s');

    const judge = await steadyJudge(sql);
    expect(await reclaimAbandonedBatches(sql, judge, reclaimTerms)).toMatchObject([{ doubtfulInAll: 1 }]);
    expect((await messages(mailing)).map(({ attempts }) => attempts)).toEqual([0, 0, 0, 0, 0, 1, 0, 0]);

    // What was granted in another tenure than the probe's is in doubt up to its end.
    await closeBreaker(sql, 1, dead.id);
    const next = await dispatcher();
    const again = await next.lease();
    if (!again) throw new Error('Nothing could be leased again');
    await next.grant(again, (await next.waiting(again)).slice(0, 6));
    await shiftClock('31s');
    expect(await reclaimAbandonedBatches(sql, await steadyJudge(sql), reclaimTerms)).toMatchObject([
      { doubtfulInAll: 6 },
    ]);
  });

  test('by one of several who try at the same time', async () => {
    const scenario = await aDeadDispatcher();
    await later(scenario);

    const reclaimed = await Promise.all([1, 2, 3, 4].map(() => scenario.reclaim()));
    expect(reclaimed.flat()).toHaveLength(1);
    expect((await scenario.rows()).map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
  });

  test('but not if its owner renews the lease at that moment', async () => {
    const scenario = await aDeadDispatcher();
    await later(scenario);
    const renew = () =>
      scenario.run(`UPDATE batches SET lease_until = clock_timestamp() + interval '1h' WHERE id = $1`, [
        scenario.batch.id,
      ]);

    expect(await scenario.fromBefore(renew, () => scenario.reclaim())).toEqual([]);
    expect((await scenario.rows()).filter(({ inDoubtSince }) => inDoubtSince)).toEqual([]);
  });
});

describe('what is in doubt', () => {
  test('is exactly what was granted and not recorded', async () => {
    const scenario = await aDeadDispatcher();
    const { dead, batch, all, reclaim, rows, statuses, mailing, run, now } = scenario;
    const [a, b, c, d, e] = all;
    if (!a || !b || !c || !d || !e) throw new Error('Five messages were to be granted');
    await dead.record(sent(batch, b), failed(batch, c));
    await dead.record(notNow(batch, d, (await now()) + 5_000));
    await later(scenario);
    await reclaim();

    expect(
      (await rows()).map(({ status, attempts, inDoubtSince }) => [status, attempts, inDoubtSince !== null]),
    ).toEqual([
      ['pending', 1, true],
      ['sent', 1, false],
      ['failed', 1, false],
      ['pending', 1, false],
      ['pending', 1, true],
      ['pending', 0, false],
      ['pending', 0, false],
      ['pending', 0, false],
    ]);
    expect(await statuses(mailing)).toEqual({ pending: 6, sent: 1, failed: 1 });
    const logged = await run(
      `SELECT message_id, number, outcome, error, dispatcher FROM attempts WHERE outcome = 'ambiguous' ORDER BY 1`,
    );
    const error = 'the dispatcher stopped while this was being sent';
    expect(logged).toEqual(
      [a, e].map(({ id }) => ({
        message_id: id,
        number: 1,
        outcome: 'ambiguous',
        error,
        dispatcher: dead.id,
      })),
    );
  });

  test('is nothing when nothing was granted', async () => {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing();
    await (await scenario.dispatcher()).lease();
    await later(scenario);

    expect(
      await reclaimAbandonedBatches(scenario.sql, await steadyJudge(scenario.sql), reclaimTerms),
    ).toMatchObject([{ doubtfulInAll: 0 }]);
    expect((await scenario.messages(mailing)).map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
  });

  test('is unknown when its client was deleted meanwhile', async () => {
    const scenario = await aDeadDispatcher();
    const { sql, reclaim, rows } = scenario;
    const made = await rows();
    await cancelMessagesOfClient(sql, made[1]?.clientId ?? 0);
    await cancelMessagesOfClient(sql, made[6]?.clientId ?? 0);
    await later(scenario);
    await reclaim();

    const after = await rows();
    expect(after[1]).toMatchObject({ status: 'unknown', inDoubtSince: expect.any(Date) });
    expect(after[6], 'it was never granted').toMatchObject({ status: 'cancelled', inDoubtSince: null });
  });

  test('leaves alone what was cancelled with its client before the lease', async () => {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 4 });
    const made = await scenario.messages(mailing);
    await cancelMessagesOfClient(scenario.sql, made[1]?.clientId ?? 0);
    const dead = await scenario.dispatcher();
    const { messages } = await dead.leaseAndGrant();
    expect(messages.map(({ id }) => id)).toEqual([made[0], made[2], made[3]].map((message) => message?.id));
    await later(scenario);

    expect(
      await reclaimAbandonedBatches(scenario.sql, await steadyJudge(scenario.sql), reclaimTerms),
    ).toMatchObject([{ doubtfulInAll: 3 }]);
    expect((await scenario.messages(mailing)).map(({ status }) => status)).toEqual([
      'pending',
      'cancelled',
      'pending',
      'pending',
    ]);
  });

  test('is taken back although an attempt of that number is noted already', async () => {
    const scenario = await aDeadDispatcher();
    const { dead, batch, all, reclaim, rows, run, dispatcher, now } = scenario;
    await dead.release(batch);
    const next = await dispatcher();
    await next.leaseAndGrant();
    // Too late to be retried, but noted.
    await dead.record(notNow(batch, all[0] ?? { id: 0 }, (await now()) + 5_000));
    await later(scenario);

    expect(await reclaim()).toHaveLength(1);
    expect((await rows())[0]).toMatchObject({
      status: 'pending',
      attempts: 1,
      inDoubtSince: expect.any(Date),
    });
    expect(await run('SELECT outcome FROM attempts WHERE message_id = $1', [all[0]?.id])).toEqual([
      { outcome: 'notNow' },
    ]);
  });

  test('is unknown when it has used up its attempts', async () => {
    const scenario = await aDeadDispatcher();
    const { run, all, reclaim, rows } = scenario;
    await run('UPDATE messages SET attempts = 18 WHERE id = $1', [all[0]?.id]);
    await run('UPDATE messages SET attempts = 19 WHERE id = $1', [all[1]?.id]);
    await later(scenario);
    await reclaim();

    expect((await rows()).slice(0, 2)).toMatchObject([
      { status: 'pending', attempts: 19 },
      { status: 'unknown', attempts: 20 },
    ]);
  });
});
