import { describe, expect, test } from 'vitest';
import type { Sql, SqlExecutor, Statement } from '#libs/database';
import {
  cancelMessagesOfClient,
  lockMailing,
  reopenMailing,
  type Resolution,
  resolveMessages,
} from '#libs/messages';
import { closeSpentBatches, finishMailings, reclaimAbandonedBatches } from '#libs/queue/recover';
import { ambiguous, failed, notNow, sent, unknown } from '../../support/message-outcomes.js';
import { SILENCE, steadyJudge } from '../../support/queue-dispatcher.js';
import { setup, type MailingGiven, type QueueScenario } from '../../support/queue-scenario.js';

/** What the API does with one page. */
function resolve(scenario: QueueScenario, mailingId: number, ids: number[], as: Resolution): Promise<number> {
  return scenario.sql.transaction(async (transaction) => {
    await lockMailing(transaction, mailingId);
    const count = await resolveMessages(transaction, { mailingId, ids }, as, 7);
    if (as === 'resend' && count > 0) await reopenMailing(transaction, mailingId);
    return count;
  });
}

/** A mailing whose messages are all unknown after their first attempt, its batch given back. */
async function allUnknown({ now, ...given }: MailingGiven & { count?: number; now?: string } = {}) {
  const scenario = await setup();
  if (now !== undefined) await scenario.setClock(now);
  const mailing = await scenario.aPlannedMailing(given);
  const one = await scenario.dispatcher();
  const { batch, messages } = await one.leaseAndGrant();
  await one.record(...messages.map((message) => unknown(batch, message)));
  await one.release(batch);
  const ids = messages.map(({ id }) => id);
  return {
    ...scenario,
    scenario,
    mailing,
    one,
    batch,
    ids,
    rows: () => scenario.messages(mailing),
    resolve: (as: Resolution, which = ids) => resolve(scenario, mailing, which, as),
    log: () => scenario.run('SELECT number, outcome, error FROM attempts ORDER BY message_id, number'),
  };
}

describe('resolved', () => {
  test('as sent, a message was accepted when the doubt began', async () => {
    const { resolve, rows, run, ids } = await allUnknown({ count: 1 });
    await run(`UPDATE messages SET in_doubt_since = '2030-01-01T10:00:00Z' WHERE id = $1`, [ids[0]]);
    expect(await resolve('sent')).toBe(1);

    expect(await rows()).toMatchObject([
      { status: 'sent', attempts: 2, sentAt: new Date('2030-01-01T10:00:00Z'), lastError: null },
    ]);
  });

  test('as failed, it keeps its reason and is not in doubt', async () => {
    const { resolve, rows, log, one } = await allUnknown({ count: 1 });
    await resolve('failed');

    expect(await rows()).toMatchObject([
      { status: 'failed', attempts: 2, inDoubtSince: null, sentAt: null, lastError: 'no answer' },
    ]);
    expect(await log()).toEqual([
      { number: 1, outcome: 'ambiguous', error: 'no answer' },
      { number: 2, outcome: 'resolved', error: 'as not sent' },
    ]);
    expect(await one.lease()).toBeUndefined();
  });

  test('to be sent again, it is due at once in a batch of its own, and in doubt from now on', async () => {
    const { resolve, rows, one, batch, now } = await allUnknown({ count: 3 });
    const before = await now();
    expect(await resolve('resend')).toBe(3);

    const { batch: next, messages } = await one.leaseAndGrant();
    expect(next.id).not.toBe(batch.id);
    expect(messages.map(({ attempts, resolvedAttempts }) => [attempts, resolvedAttempts])).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
    ]);
    for (const { inDoubtSince } of await rows()) {
      expect(inDoubtSince?.getTime()).toBeGreaterThanOrEqual(Math.floor(before));
    }
  });

  test('in thousands, batches are no bigger than ever', async () => {
    const scenario = await setup();
    const { run } = scenario;
    const big = await scenario.aPlannedMailing({ count: 1_201 });
    await run(`UPDATE batches SET state = 'done'`);
    await run(`UPDATE messages SET status = 'unknown', attempts = 1`);
    await run('UPDATE mailing_counters SET unknown = pending, pending = 0');
    const ids = (await scenario.messages(big)).map(({ id }) => id);
    expect(await resolve(scenario, big, ids, 'resend')).toBe(1_201);

    const open = (await scenario.batches(big)).filter(({ state }) => state === 'ready');
    expect(open.map(({ size }) => size)).toEqual([500, 500, 201]);
    expect(
      await run(
        `SELECT count(*)::int FROM messages m JOIN batches b ON b.id = m.batch_id WHERE b.state = 'ready'`,
      ),
    ).toEqual([{ count: 1_201 }]);
  });

  test('to be sent again, it keeps to its local window', async () => {
    const { resolve, batches, mailing, setClock } = await allUnknown({
      count: 1,
      window: ['09:00', '21:00'],
      now: '2030-01-10T10:00:00Z',
    });
    await setClock('2030-01-10T10:30:00Z');
    await resolve('resend');
    const open = (await batches(mailing)).filter(({ state }) => state === 'ready');

    expect(open).toMatchObject([
      {
        timezone: 'UTC',
        notBefore: new Date('2030-01-10T09:00:00Z'),
        notAfter: new Date('2030-01-10T21:00:00Z'),
      },
    ]);
  });

  test('only what is unknown is, and once', async () => {
    const { resolve, rows, ids } = await allUnknown({ count: 2 });
    expect(await resolve('sent', ids.slice(0, 1))).toBe(1);
    expect(await resolve('failed')).toBe(1);
    expect(await resolve('resend')).toBe(0);
    expect((await rows()).map(({ status }) => status)).toEqual(['sent', 'failed']);
  });

  test('by two at the same time, it is by one of them', async () => {
    const { resolve, rows } = await allUnknown({ count: 4 });
    const counts = await Promise.all([resolve('failed'), resolve('resend'), resolve('sent')]);
    expect(counts.toSorted()).toEqual([0, 0, 4]);
    expect(new Set((await rows()).map(({ attempts }) => attempts))).toEqual(new Set([2]));
  });
});

describe('what comes to light about attempts from before a resolution', () => {
  const outcomes = {
    'a doubt': (batch, message, soon) => ambiguous(batch, message, soon),
    'a last doubt': (batch, message) => unknown(batch, message),
    'a refusal': (batch, message) => failed(batch, message),
    'not now': (batch, message, soon) => notNow(batch, message, soon),
  } satisfies Record<string, (...given: Parameters<typeof notNow>) => ReturnType<typeof notNow>>;

  test.for(
    Object.keys(outcomes).flatMap((outcome) =>
      (['sent', 'resend', 'failed'] as const).map((as) => ({
        outcome: outcome as keyof typeof outcomes,
        as,
      })),
    ),
  )('$outcome changes nothing for what was resolved as $as', async ({ outcome, as }) => {
    const { resolve, rows, one, batch, ids, now, log } = await allUnknown({ count: 1 });
    await resolve(as);
    const [before, logged] = [await rows(), await log()];
    const late = outcomes[outcome](batch, { id: ids[0] ?? 0 }, (await now()) + 1_000);
    await one.record(late);
    await one.record({ ...late, number: 2, attempts: 2 });

    expect(await rows()).toEqual(before);
    expect(await log()).toEqual(logged);
  });

  test.for(['resend', 'failed'] as const)(
    'an acceptance counts, though it was resolved as %s',
    async (as) => {
      const { resolve, rows, one, batch, ids } = await allUnknown({ count: 1 });
      await resolve(as);
      await one.record(sent(batch, { id: ids[0] ?? 0 }));
      expect(await rows()).toMatchObject([{ status: 'sent', attempts: 2 }]);
    },
  );

  test('the death of the dispatcher that sent it puts nothing in doubt again', async () => {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 2, onAmbiguous: 'hold' });
    const one = await scenario.dispatcher();
    const { batch, messages } = await one.leaseAndGrant();
    const [a, b] = messages;
    if (!a || !b) throw new Error('Two were to be granted');
    await one.record(unknown(batch, a));
    await resolve(scenario, mailing, [a.id], 'resend');
    await scenario.shiftClock('1m');
    const terms = { silenceMs: SILENCE, maxAttempts: 20 };
    await reclaimAbandonedBatches(scenario.sql, await steadyJudge(scenario.sql), terms);

    expect((await scenario.messages(mailing)).map(({ status }) => status)).toEqual(['pending', 'unknown']);
  });
});

describe('an attempt after a resolution', () => {
  async function sentAgain() {
    const given = await allUnknown({ count: 1 });
    await given.resolve('resend');
    const { batch, messages } = await given.one.leaseAndGrant();
    const [message] = messages;
    if (!message) throw new Error('One was to be granted');
    return { ...given, next: batch, message };
  }

  test('counts like any other', async () => {
    const { rows, one, next, message, log } = await sentAgain();
    await one.record(unknown(next, message));
    expect(await rows()).toMatchObject([{ status: 'unknown', attempts: 3 }]);
    expect(await log()).toMatchObject([{ number: 1 }, { number: 2, outcome: 'resolved' }, { number: 3 }]);
  });

  test('that is refused leaves the message in doubt, for an earlier one may have been accepted', async () => {
    const { rows, one, next, message } = await sentAgain();
    await one.record(failed(next, message));
    expect(await rows()).toMatchObject([{ status: 'unknown', attempts: 3 }]);
  });

  test('has all attempts before it when its dispatcher dies', async () => {
    const { scenario, rows } = await sentAgain();
    await scenario.shiftClock('1m');
    const terms = { silenceMs: SILENCE, maxAttempts: 2 };
    await reclaimAbandonedBatches(scenario.sql, await steadyJudge(scenario.sql), terms);
    expect(await rows()).toMatchObject([{ status: 'pending', attempts: 3 }]);
  });
});

describe('a message that a person has sent again', () => {
  test('is sent, however short the provider knows an id and however long it waited', async () => {
    const { scenario, resolve, one, mailing, run, shiftClock } = await allUnknown({ count: 1 });
    await run(`UPDATE providers SET key_lifetime = '5 seconds'`);
    expect(await resolve('resend')).toBe(1);
    await shiftClock('1h');
    const next = await one.lease();
    if (!next) throw new Error('It was to be leased');
    const waiting = await one.waiting(next);
    expect(waiting).toHaveLength(1);
    const [message] = waiting;
    if (!message) throw new Error('It was to wait');
    await one.grant(next, waiting);
    // In doubt once more, and nobody has decided about that.
    await one.record({ ...ambiguous(next, message, await scenario.now()), number: message.attempts + 1 });
    await one.release(next);
    await shiftClock('1h 10s');
    const again = await one.lease();
    if (!again) throw new Error('The retry was due');

    expect(await one.waiting(again)).toEqual([]);
    expect(await scenario.statuses(mailing)).toEqual({ unknown: 1 });
  });
});

describe('a client that is deleted at the same time', () => {
  /** What the API does. */
  const deletion = (scenario: QueueScenario, clientId: number) =>
    scenario.sql.transaction(async (transaction) => {
      await transaction.query({ name: '', text: 'DELETE FROM clients WHERE id = $1' }, [clientId]);
      await cancelMessagesOfClient(transaction, clientId);
    });

  test('a moment before gets nothing more', async () => {
    const { sql, scenario, resolve, rows } = await allUnknown({ count: 1 });
    const [message] = await rows();
    const resolving = await sql.transaction(async (transaction) => {
      await transaction.query({ name: '', text: 'DELETE FROM clients WHERE id = $1' }, [message?.clientId]);
      const resolving = resolve('resend');
      await scenario.untilWaiting();
      return { resolving };
    });
    expect(await resolving.resolving).toBe(0);
    expect(await rows()).toMatchObject([{ status: 'unknown' }]);
  });

  test('a moment after gets nothing more either', async () => {
    const { sql, scenario, mailing, ids, rows } = await allUnknown({ count: 1 });
    const [message] = await rows();
    const { deleting } = await sql.transaction(async (transaction) => {
      await lockMailing(transaction, mailing);
      expect(await resolveMessages(transaction, { mailingId: mailing, ids }, 'resend', 0)).toBe(1);
      const deleting = deletion(scenario, message?.clientId ?? 0);
      await scenario.untilWaiting();
      return { deleting };
    });
    await deleting;
    expect(await rows(), 'it may have been sent before').toMatchObject([{ status: 'unknown' }]);
  });
});

describe('a mailing', () => {
  test('that was completed goes on for what is sent again, and is completed anew', async () => {
    const { sql, resolve, one, mailing, run } = await allUnknown({ count: 1 });
    expect(await finishMailings(sql)).toEqual([{ id: mailing, status: 'completed' }]);
    await resolve('resend');
    expect(await run('SELECT status, finished_at FROM mailings')).toEqual([
      { status: 'running', finished_at: null },
    ]);
    expect(await finishMailings(sql)).toEqual([]);
    const { batch, messages } = await one.leaseAndGrant();
    await one.record(...messages.map((message) => sent(batch, message)));
    await one.release(batch);

    expect(await finishMailings(sql)).toEqual([{ id: mailing, status: 'completed' }]);
  });

  test.for(['sent', 'failed'] as const)(
    'stays completed when its messages are resolved as %s',
    async (as) => {
      const { sql, resolve, run } = await allUnknown({ count: 1 });
      await finishMailings(sql);
      await resolve(as);
      expect(await run('SELECT status FROM mailings')).toEqual([{ status: 'completed' }]);
    },
  );

  test('is not completed while something in it is being resolved to be sent again', async () => {
    const { sql, mailing, ids, run } = await allUnknown({ count: 1 });
    await sql.transaction(async (transaction) => {
      await lockMailing(transaction, mailing);
      await resolveMessages(transaction, { mailingId: mailing, ids }, 'resend', 0);
      expect(await finishMailings(sql)).toEqual([]);
    });
    expect(await finishMailings(sql)).toEqual([]);
    expect(await run('SELECT status FROM mailings')).toEqual([{ status: 'running' }]);
  });

  test('is not completed by a look from before something in it was to be sent again', async () => {
    const { sql, mailing, batch, run } = await allUnknown({ count: 1 });
    const resend = () =>
      run(
        `INSERT INTO batches (mailing_id, provider_id, size, due_at)
         SELECT mailing_id, provider_id, 1, now() FROM batches WHERE id = $1`,
        [batch.id],
      );
    const locked: object[] = [];
    const meanwhile = {
      transaction: (work: (transaction: SqlExecutor) => Promise<unknown>) =>
        sql.transaction((transaction) =>
          work({
            query: async <Row extends object>(statement: Statement, values?: readonly unknown[]) => {
              const rows = await transaction.query<Row>(statement, values);
              if (statement.name !== 'lock-finished-mailings') return rows;
              locked.push(...rows);
              await resend();
              return rows;
            },
          }),
        ),
    } as unknown as Sql;
    expect(await finishMailings(meanwhile)).toEqual([]);
    expect(locked).toEqual([{ id: mailing }]);
    expect(await run('SELECT status FROM mailings WHERE id = $1', [mailing])).toEqual([
      { status: 'running' },
    ]);
  });

  test('that ends before a message is sent again has it unknown once more', async () => {
    const { sql, resolve, rows, shiftClock } = await allUnknown({ count: 1 });
    await resolve('resend');
    await shiftClock('2d');
    await closeSpentBatches(sql, 0);
    expect(await rows()).toMatchObject([{ status: 'unknown', attempts: 2 }]);
  });
});
