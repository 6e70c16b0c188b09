import { expect, test } from 'vitest';
import { cancelMessagesOfClient } from '#libs/messages';
import type { WaitingMessage } from '#libs/queue/lease';
import { failed, sent } from '../../support/message-outcomes.js';
import { setup } from '../../support/queue-scenario.js';

/** A batch of six, of which the first three are granted. */
async function halfGranted() {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing({ count: 6 });
  const one = await scenario.dispatcher();
  const batch = await one.lease();
  if (!batch) throw new Error('Nothing could be leased');
  const messages = await one.waiting(batch);
  const [granted, next] = [messages.slice(0, 3), messages.slice(3)];
  await one.grant(batch, granted);
  const row = async () => (await scenario.batches(mailing))[0];
  return { ...scenario, mailing, one, batch, granted, next, row };
}

const ids = (messages: readonly WaitingMessage[]) => messages.map(({ id }) => id);

test('what was accepted is recorded, and the next slice is granted, at once', async () => {
  const { one, batch, granted, next, row, statuses, mailing } = await halfGranted();
  const outcomes = granted.map((message) => sent(batch, message));

  expect(await one.recordAndGrant(outcomes, batch, next)).toEqual({ recorded: 3, granted: ids(next) });
  expect(await statuses(mailing)).toEqual({ pending: 3, sent: 3 });
  expect((await row())?.grantedUpto).toBe(next.at(-1)?.id);
});

test('a grant that is refused keeps nothing from being recorded', async () => {
  const { one, batch, granted, next, row, statuses, setStatus, mailing } = await halfGranted();
  await setStatus(mailing, 'paused');
  const outcomes = granted.map((message) => sent(batch, message));

  expect(await one.recordAndGrant(outcomes, batch, next)).toEqual({ recorded: 3, granted: undefined });
  expect(await statuses(mailing)).toEqual({ pending: 3, sent: 3 });
  expect((await row())?.grantedUpto).toBe(granted.at(-1)?.id);
});

test('nothing is granted when something was not pending any more; the rest is recorded', async () => {
  const { one, batch, granted, next, row, statuses, mailing } = await halfGranted();
  const [first] = granted;
  if (!first) throw new Error('There are three');
  await one.record(failed(batch, first));
  const outcomes = granted.map((message) => sent(batch, message));

  expect(await one.recordAndGrant(outcomes, batch, next)).toEqual({ recorded: 2, granted: undefined });
  expect(await statuses(mailing)).toEqual({ failed: 1, pending: 3, sent: 2 });
  expect((await row())?.grantedUpto).toBe(granted.at(-1)?.id);
});

test('what is settled of the slice is not granted', async () => {
  const { one, batch, granted, next } = await halfGranted();
  const [settled, ...rest] = next;
  await one.record(failed(batch, settled ?? { id: 0 }));
  const outcomes = granted.map((message) => sent(batch, message));

  expect(await one.recordAndGrant(outcomes, batch, next)).toEqual({ recorded: 3, granted: ids(rest) });
});

test('neither is done when one of them fails', async () => {
  const { one, run, batch, granted, next, row, statuses, mailing } = await halfGranted();
  await run('ALTER TABLE mailing_counters ADD CONSTRAINT at_most_two CHECK (sent < 3) NOT VALID');
  const outcomes = granted.map((message) => sent(batch, message));
  try {
    await expect(one.recordAndGrant(outcomes, batch, next)).rejects.toThrow('at_most_two');
  } finally {
    await run('ALTER TABLE mailing_counters DROP CONSTRAINT at_most_two');
  }

  expect(await statuses(mailing)).toEqual({ pending: 6 });
  expect((await row())?.grantedUpto).toBe(granted.at(-1)?.id);
});

test('it does not wait for whoever has the row of the batch', async () => {
  const { one, batch, granted, next, sql, statuses, mailing } = await halfGranted();
  const outcomes = granted.map((message) => sent(batch, message));
  const done = await sql.transaction(async (other) => {
    await other.query({ name: '', text: 'SELECT FROM batches WHERE id = $1 FOR SHARE' }, [batch.id]);
    return one.recordAndGrant(outcomes, batch, next);
  });

  expect(done).toEqual({ recorded: 3, granted: undefined });
  expect(await statuses(mailing)).toEqual({ pending: 3, sent: 3 });
});

test('what is cancelled while it waits for the messages is not recorded, and nothing is granted', async () => {
  const { one, run, batch, granted, next, sql, untilWaiting, row, statuses, mailing } = await halfGranted();
  const [first] = granted;
  const outcomes = granted.map((message) => sent(batch, message));
  const [client] = await run<{ id: number }>('SELECT client_id AS id FROM messages WHERE id = $1', [
    first?.id,
  ]);
  const { both } = await sql.transaction(async (other) => {
    await cancelMessagesOfClient(other, client?.id ?? 0);
    const waiting = one.recordAndGrant(outcomes, batch, next);
    await untilWaiting();
    return { both: waiting };
  });

  expect(await both).toEqual({ recorded: 2, granted: undefined });
  expect(await statuses(mailing)).toEqual({ cancelled: 1, pending: 3, sent: 2 });
  expect((await row())?.grantedUpto).toBe(granted.at(-1)?.id);
});
