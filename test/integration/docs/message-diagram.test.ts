import { expect, test } from 'vitest';
import { cancelMessagesOfClient, type Resolution, resolveMessages } from '#libs/messages';
import type { LeasedBatch } from '#libs/queue/lease';
import { closeSpentBatches, reclaimAbandonedBatches } from '#libs/queue/recover';
import { type MessageStatus, messageStatuses } from '#libs/queue/transitions';
import { textOf } from '../../support/documents.js';
import { ambiguous, failed, notNow, sent, unknown } from '../../support/message-outcomes.js';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';
import { type QueueDispatcher, SILENCE, steadyJudge } from '../../support/queue-dispatcher.js';
import { arrows, BEGINNING, stateDiagrams } from '../../support/state-diagram.js';

/** A granted batch with a message in each status, once with an attempt in doubt and once without. */
interface Mixture {
  mailing: number;
  batch: LeasedBatch;
  dispatcher: QueueDispatcher;
  messages: { id: number; clientId: number; status: MessageStatus }[];
}

/** What can happen to a message once it is planned; each is done to every message of a mixture. */
const happenings: Record<string, (queue: QueueScenario, mixture: Mixture) => Promise<unknown>> = {
  'it is taken': (_, { dispatcher, batch, messages }) =>
    dispatcher.record(...messages.map((message) => sent(batch, message))),
  'it is refused': (_, { dispatcher, batch, messages }) =>
    dispatcher.record(...messages.map((message) => failed(batch, message))),
  'it is to be retried': async (queue, { dispatcher, batch, messages }) => {
    const retryAt = (await queue.now()) + 60_000;
    await dispatcher.record(...messages.map((message) => notNow(batch, message, retryAt)));
  },
  'it is in doubt, and to be retried': async (queue, { dispatcher, batch, messages }) => {
    const retryAt = (await queue.now()) + 60_000;
    await dispatcher.record(...messages.map((message) => ambiguous(batch, message, retryAt)));
  },
  'it is in doubt for the last time': (_, { dispatcher, batch, messages }) =>
    dispatcher.record(...messages.map((message) => unknown(batch, message))),
  'its client is deleted': async (queue, { messages }) => {
    for (const { clientId } of messages) await cancelMessagesOfClient(queue.sql, clientId);
  },
  'its mailing is cancelled': async (queue, { mailing, dispatcher, batch }) => {
    await dispatcher.release(batch);
    await queue.setStatus(mailing, 'cancelled');
    expect(await closeSpentBatches(queue.sql, 1)).toBe(1);
  },
  'its mailing ends': async (queue, { dispatcher, batch }) => {
    await dispatcher.release(batch);
    await queue.shiftClock('2d');
    expect(await closeSpentBatches(queue.sql, 1)).toBe(1);
  },
  'it is resolved as sent': (queue, mixture) => resolve(queue, mixture, 'sent'),
  'it is resolved to be sent again': (queue, mixture) => resolve(queue, mixture, 'resend'),
  'it is resolved as not sent': (queue, mixture) => resolve(queue, mixture, 'failed'),
  'its dispatcher dies': (queue) => reclaim(queue, 20),
  'its dispatcher dies at its last attempt': (queue) => reclaim(queue, 1),
};

async function reclaim(queue: QueueScenario, maxAttempts: number): Promise<void> {
  await queue.shiftClock('1h');
  const judge = await steadyJudge(queue.sql);
  const taken = await reclaimAbandonedBatches(queue.sql, judge, { silenceMs: SILENCE, maxAttempts });
  expect(taken).toHaveLength(1);
}

function resolve(queue: QueueScenario, { mailing, messages }: Mixture, as: Resolution): Promise<number> {
  const ids = messages.map(({ id }) => id);
  return queue.sql.transaction((transaction) =>
    resolveMessages(transaction, { mailingId: mailing, ids }, as, 1),
  );
}

async function aMixture(queue: QueueScenario): Promise<Mixture> {
  const mailing = await queue.aPlannedMailing({ count: 2 * messageStatuses.length });
  const dispatcher = await queue.dispatcher();
  const { batch } = await dispatcher.leaseAndGrant();
  await queue.run(
    `UPDATE messages m SET status = ($2::message_status[])[(nth + 1) / 2], in_doubt_since = CASE WHEN nth % 2 = 0 THEN now() END
     FROM (SELECT id, row_number() OVER (ORDER BY id) AS nth FROM messages WHERE mailing_id = $1) AS numbered
     WHERE m.id = numbered.id`,
    [mailing, messageStatuses],
  );
  const columns = messageStatuses.join(', ');
  const counts = messageStatuses.map((status) => `count(*) FILTER (WHERE status = '${status}')`).join(', ');
  await queue.run('DELETE FROM mailing_counters');
  await queue.run(
    `INSERT INTO mailing_counters (mailing_id, shard, ${columns})
     SELECT coalesce(mailing_id, 0), 0, ${counts} FROM messages GROUP BY GROUPING SETS ((mailing_id), ())`,
  );
  return { mailing, batch, dispatcher, messages: await queue.messages(mailing) };
}

/** The status of each message before and after, where it is another one. */
async function changesBy(happening: string): Promise<{ from: string; to: string }[]> {
  const queue = await setup();
  const mixture = await aMixture(queue);
  await happenings[happening]?.(queue, mixture);
  await queue.expectCountersExact();
  const after = new Map((await queue.messages(mixture.mailing)).map(({ id, status }) => [id, status]));
  return mixture.messages
    .map(({ id, status }) => ({ from: status, to: after.get(id) ?? 'gone' }))
    .filter(({ from, to }) => from !== to);
}

async function firstStatuses(): Promise<{ from: string; to: string }[]> {
  const queue = await setup();
  const inTime = await queue.aPlannedMailing({ count: 1 });
  const tooLate = await queue.aPlannedMailing({ count: 1, endsIn: '400ms' });
  const messages = [...(await queue.messages(inTime)), ...(await queue.messages(tooLate))];
  return messages.map(({ status }) => ({ from: BEGINNING, to: status }));
}

test('the diagram shows exactly what happens to messages, but for receipts, which are not taken in yet', async () => {
  const changes = await firstStatuses();
  for (const happening of Object.keys(happenings)) changes.push(...(await changesBy(happening)));

  const [diagram] = stateDiagrams(textOf('docs/message-lifecycle.md'));
  const drawn = diagram?.transitions.filter(({ label }) => label !== 'receipt') ?? [];
  expect(arrows(changes)).toEqual(arrows(drawn));
});
