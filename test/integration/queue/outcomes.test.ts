import { describe, expect, test } from 'vitest';
import { Sql } from '#libs/database';
import { cancelMessagesOfClient } from '#libs/messages';
import { type MessageOutcome, recordOutcomes } from '#libs/queue/record';
import type { MessageStatus } from '#libs/queue/transitions';
import { setup } from '../../support/queue-scenario.js';
import { ambiguous, failed, notNow, sent, unknown } from '../../support/message-outcomes.js';

/** Six granted messages, as if their requests were on the wire. */
async function onTheWire() {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing({ count: 6 });
  const one = await scenario.dispatcher();
  const { batch, messages: all } = await one.leaseAndGrant();
  const [message] = all;
  if (!message) throw new Error('Nothing was granted');
  const soon = (await scenario.now()) + 60_000;
  const attempts = () =>
    scenario.run('SELECT message_id, number, outcome FROM attempts ORDER BY message_id, number');
  const first = async () => (await scenario.messages(mailing))[0];
  return { ...scenario, mailing, one, batch, all, message, soon, attempts, first };
}

describe('an outcome', () => {
  test('accepted: the message is sent, at the time of the answer', async () => {
    const { one, batch, message, first, attempts } = await onTheWire();
    await one.record(sent(batch, message, Date.UTC(2031, 4, 5, 6, 7, 8, 9)));

    expect(await first()).toMatchObject({
      status: 'sent',
      attempts: 1,
      inDoubtSince: null,
      lastError: null,
      sentAt: new Date('2031-05-05T06:07:08.009Z'),
    });
    expect(await attempts()).toEqual([]);
  });

  test('refused: the message has failed, with the reason and its attempt', async () => {
    const { run, one, batch, message, first } = await onTheWire();
    await one.record(failed(batch, message));

    expect(await first()).toMatchObject({
      status: 'failed',
      attempts: 1,
      lastError: 'no such number',
      sentAt: null,
    });
    expect(await run('SELECT * FROM attempts')).toEqual([
      {
        message_id: message.id,
        number: 1,
        at: new Date(Date.UTC(2030, 0, 1)),
        outcome: 'refused',
        http_status: 422,
        error: 'no such number',
        latency_ms: 13,
        dispatcher: one.id,
      },
    ]);
  });

  test('ambiguous for the last time: the message is unknown', async () => {
    const { one, batch, message, first } = await onTheWire();
    await one.record(unknown(batch, message));

    expect(await first()).toMatchObject({ status: 'unknown', inDoubtSince: expect.any(Date), attempts: 1 });
  });

  test('of a message that is gone changes nothing', async () => {
    const { one, batch, mailing, statuses } = await onTheWire();
    await one.record(sent(batch, { id: 1 }));

    expect(await statuses(mailing)).toEqual({ pending: 6 });
  });
});

/** From each status, where each outcome leads; the status itself where it changes nothing. */
const lattice: Record<
  string,
  Record<'sent' | 'failed' | 'unknown' | 'ambiguous' | 'notNow', MessageStatus>
> = {
  pending: { sent: 'sent', failed: 'failed', unknown: 'unknown', ambiguous: 'pending', notNow: 'pending' },
  cancelled: {
    sent: 'sent',
    failed: 'failed',
    unknown: 'unknown',
    ambiguous: 'unknown',
    notNow: 'cancelled',
  },
  expired: { sent: 'sent', failed: 'failed', unknown: 'unknown', ambiguous: 'unknown', notNow: 'expired' },
  failed: { sent: 'sent', failed: 'failed', unknown: 'unknown', ambiguous: 'unknown', notNow: 'failed' },
  unknown: { sent: 'sent', failed: 'unknown', unknown: 'unknown', ambiguous: 'unknown', notNow: 'unknown' },
  sent: { sent: 'sent', failed: 'sent', unknown: 'sent', ambiguous: 'sent', notNow: 'sent' },
  undelivered: {
    sent: 'undelivered',
    failed: 'undelivered',
    unknown: 'undelivered',
    ambiguous: 'undelivered',
    notNow: 'undelivered',
  },
  delivered: {
    sent: 'delivered',
    failed: 'delivered',
    unknown: 'delivered',
    ambiguous: 'delivered',
    notNow: 'delivered',
  },
};

describe.for(Object.keys(lattice))('a message that is %s', (was) => {
  test.for(Object.entries(lattice[was] ?? {}))('after the outcome "%s" is %s', async ([kind, becomes]) => {
    const { run, mailing, one, batch, message, soon, first } = await onTheWire();
    await run('UPDATE messages SET status = $2 WHERE id = $1', [message.id, was]);
    await run('UPDATE mailing_counters SET pending = pending - 1 WHERE mailing_id IN (0, $1)', [mailing]);
    await run(`UPDATE mailing_counters SET ${was} = ${was} + 1 WHERE mailing_id IN (0, $1)`, [mailing]);
    const outcomes = { sent, failed, unknown, ambiguous, notNow };
    await one.record(outcomes[kind as keyof typeof outcomes](batch, message, soon));

    expect((await first())?.status).toBe(becomes);
  });
});

describe('what may have been accepted', () => {
  test('is unknown rather than failed when it is refused later', async () => {
    const { run, one, batch, message, first } = await onTheWire();
    await run('UPDATE messages SET in_doubt_since = now() WHERE id = $1', [message.id]);
    await one.record(failed(batch, { ...message, attempts: 1 }));

    expect(await first()).toMatchObject({ status: 'unknown', attempts: 2, lastError: 'no such number' });
  });

  test('is unknown rather than cancelled when its client was deleted meanwhile', async () => {
    const { sql, one, batch, message, soon, first } = await onTheWire();
    await cancelMessagesOfClient(sql, (await first())?.clientId ?? 0);
    expect((await first())?.status).toBe('cancelled');
    await one.record(ambiguous(batch, message, soon));

    expect(await first()).toMatchObject({
      status: 'unknown',
      inDoubtSince: expect.any(Date),
      batchId: batch.id,
    });
  });

  test('is in doubt after a probe too, which counts as no attempt', async () => {
    const { one, batch, message, soon, first } = await onTheWire();
    await one.record({ ...ambiguous(batch, message, soon), attempts: 0 });

    expect(await first()).toMatchObject({
      status: 'pending',
      attempts: 0,
      inDoubtSince: expect.any(Date),
      lastError: 'no answer',
    });
    expect((await first())?.batchId).not.toBe(batch.id);
  });

  test('is sent when the acceptance arrives late', async () => {
    const { one, batch, message, first } = await onTheWire();
    await one.record(unknown(batch, message));
    await one.record(sent(batch, message));

    expect(await first()).toMatchObject({ status: 'sent', lastError: null });
  });
});

describe('recording the same set again', () => {
  const everyKind = (scenario: Awaited<ReturnType<typeof onTheWire>>): MessageOutcome[] => {
    const [a, b, c, d, e] = scenario.all;
    const none = { id: 0 };
    const { batch, soon } = scenario;
    return [
      sent(batch, a ?? none),
      failed(batch, b ?? none),
      ambiguous(batch, c ?? none, soon),
      notNow(batch, d ?? none, soon),
      unknown(batch, e ?? none),
    ];
  };

  test('changes nothing, as after a commit whose answer was lost', async () => {
    const scenario = await onTheWire();
    const { one, mailing, messages, attempts } = scenario;
    await one.record(...everyKind(scenario));
    const after = [await messages(mailing), await attempts()];
    await one.record(...everyKind(scenario));

    expect([await messages(mailing), await attempts()]).toEqual(after);
    expect(after[0]?.length).toBe(6);
    expect(after[1]?.length).toBe(4);
  });

  test('at the same time changes nothing either', async () => {
    const scenario = await onTheWire();
    const { one, dispatcher, mailing, statuses, attempts } = scenario;
    const other = await dispatcher();
    await Promise.all([one, other, one, other, one].map((each) => each.record(...everyKind(scenario))));

    expect(await statuses(mailing)).toEqual({ pending: 3, sent: 1, failed: 1, unknown: 1 });
    expect(await attempts()).toHaveLength(4);
  });
});

test('two outcomes of one message in one set both count', async () => {
  const { one, batch, all, soon, statuses, mailing, attempts } = await onTheWire();
  const [a, b, c] = all.map((message) => [message, { ...message, attempts: 1 }] as const);
  if (!a || !b || !c) throw new Error('Three messages were to be granted');
  await one.record(
    notNow(batch, a[0], soon),
    sent(batch, a[1]),
    sent(batch, b[1]),
    failed(batch, b[0]),
    ambiguous(batch, c[0], soon),
    failed(batch, c[1]),
  );

  expect(await statuses(mailing)).toEqual({ pending: 3, sent: 2, unknown: 1 });
  expect(await attempts()).toHaveLength(4);
});

describe('two recorders at the same time', () => {
  test('with the same messages in opposite order end as if one came after the other', async () => {
    const { one, dispatcher, batch, all, mailing, statuses } = await onTheWire();
    const other = await dispatcher();
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([
        one.record(...all.map((message) => sent(batch, message))),
        other.record(...all.toReversed().map((message) => failed(batch, message))),
      ]);
    }

    expect(await statuses(mailing)).toEqual({ sent: 6 });
  });

  test('take messages in the order of their ids, so that they never wait in a circle', async () => {
    const { sql, url, run, one, batch, all, untilWaiting } = await onTheWire();
    const [a, b, c] = all;
    if (!a || !b || !c) throw new Error('Three messages were to be granted');
    // A plan without the index, on rows that lie in another order than their ids.
    const options = '-c enable_indexscan=off -c enable_bitmapscan=off';
    const unindexed = new Sql({
      url: `${url}?options=${options}`,
      poolSize: 1,
      applicationName: 'queue-test',
    });
    await run('UPDATE messages SET phone = phone WHERE id = $1', [a.id]);
    await run('UPDATE messages SET phone = phone WHERE id = $1', [b.id]);
    const recorded = await sql.transaction(async (other) => {
      await other.query({ name: '', text: 'SELECT FROM messages WHERE id = $1 FOR UPDATE' }, [b.id]);
      const outcomes = [sent(batch, c), sent(batch, a), sent(batch, b)];
      const waiting = { end: recordOutcomes(unindexed, one.writer, outcomes) };
      await untilWaiting();
      const free = await run<{ id: number }>('SELECT id FROM messages ORDER BY id FOR UPDATE SKIP LOCKED');
      expect(free.map(({ id }) => id)).toEqual(all.slice(2).map(({ id }) => id));
      return waiting;
    });
    await recorded.end;
    await unindexed.close();
  });

  test('take counters in the order of their mailings', async () => {
    const { sql, run, one, dispatcher, batch, mailing, message, aPlannedMailing, untilWaiting } =
      await onTheWire();
    const second = await aPlannedMailing();
    const { batch: theirs, messages } = await (await dispatcher()).leaseAndGrant();
    expect([batch.mailingId, theirs.mailingId]).toEqual([mailing, second]);
    const shard = one.shard;
    await run(`INSERT INTO mailing_counters (mailing_id, shard) VALUES (0, $1), ($2, $1), ($3, $1)`, [
      shard,
      second,
      mailing,
    ]);
    const recorded = await sql.transaction(async (other) => {
      await other.query({ name: '', text: 'SELECT FROM mailing_counters WHERE mailing_id = $1 FOR UPDATE' }, [
        mailing,
      ]);
      const waiting = { end: one.record(sent(theirs, messages[0] ?? { id: 0 }), sent(batch, message)) };
      await untilWaiting();
      const free = await run<{ id: number }>(
        'SELECT mailing_id AS id FROM mailing_counters WHERE shard = $1 FOR UPDATE SKIP LOCKED',
        [shard],
      );
      expect(free).toEqual([{ id: second }]);
      return waiting;
    });
    await recorded.end;
  });
});
