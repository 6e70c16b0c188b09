import { expect, test } from 'vitest';
import type { WaitingMessage } from '#libs/messages';
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

test('what is not pending any more is neither recorded nor granted', async () => {
  const { one, batch, granted, next, statuses, mailing } = await halfGranted();
  const [first] = granted;
  const [settled, ...rest] = next;
  if (!first || !settled) throw new Error('There are three of each');
  await one.record(failed(batch, first), sent(batch, settled));
  const outcomes = granted.map((message) => sent(batch, message));

  expect(await one.recordAndGrant(outcomes, batch, next)).toEqual({ recorded: 2, granted: ids(rest) });
  expect(await statuses(mailing)).toEqual({ failed: 1, pending: 2, sent: 3 });
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

test('the batch is locked before the messages, as by whoever takes it over', async () => {
  const { one, run, batch, granted, next, untilWaiting, sql } = await halfGranted();
  const outcomes = granted.map((message) => sent(batch, message));
  const recorded = await sql.transaction(async (other) => {
    await other.query({ name: '', text: 'SELECT FROM batches WHERE id = $1 FOR UPDATE' }, [batch.id]);
    const both = one.recordAndGrant(outcomes, batch, next);
    await untilWaiting();
    // Would wait for ever if the messages were held by then.
    await other.query({ name: '', text: 'SELECT FROM messages WHERE batch_id = $1 FOR UPDATE NOWAIT' }, [
      batch.id,
    ]);
    return { both };
  });

  expect(await recorded.both).toMatchObject({ recorded: 3 });
  expect(await run('SELECT FROM messages WHERE status = $1', ['sent'])).toHaveLength(3);
});
