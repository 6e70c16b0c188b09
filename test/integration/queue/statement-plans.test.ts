import { expect, test } from 'vitest';
import { cancelMessagesOfClient } from '#libs/messages';
import { takeTickets } from '#libs/queue/lease';
import {
  closeSpentBatches,
  finishMailings,
  purgeDeletedMailings,
  reclaimAbandonedBatches,
} from '#libs/queue/recover';
import { measureDueBacklog } from '#libs/queue/watch';
import { failed, notNow, sent } from '../../support/message-outcomes.js';
import { SILENCE, steadyJudge } from '../../support/queue-dispatcher.js';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';

/** A mailing's whole life, with everything that dispatchers do to messages meanwhile. */
async function wholeLife(scenario: QueueScenario, count: number): Promise<void> {
  const { sql, run, setStatus, now, shiftClock } = scenario;
  const mailing = await scenario.aPlannedMailing({ count });
  const one = await scenario.dispatcher();
  await takeTickets(sql, {
    depth: 4,
    validMs: 1,
    guardMs: 500,
    recentMailings: [],
    waitingMailings: [],
    fair: true,
  });
  const { batch, messages } = await one.leaseAndGrant();
  await one.renew(batch);
  const [first, second, third] = [0, 1, 2].map((nth) => messages[nth] ?? { id: 0 });
  if (!first || !second || !third) throw new Error('Three were asked for');
  await one.record(sent(batch, first));
  await one.record(failed(batch, second), notNow(batch, third, (await now()) + 60_000));
  const [row] = await run<{ client: number }>('SELECT client_id AS client FROM messages WHERE id = $1', [
    third.id,
  ]);
  await cancelMessagesOfClient(sql, row?.client ?? 0);
  await shiftClock('31s');
  await reclaimAbandonedBatches(sql, await steadyJudge(sql), { silenceMs: SILENCE, maxAttempts: 20 });
  const again = await one.lease();
  if (again) await one.release(again);
  await measureDueBacklog(sql);
  await setStatus(mailing, 'cancelled');
  while (await closeSpentBatches(sql, 0));
  await finishMailings(sql);
  await run('UPDATE mailings SET deleted_at = ems_now() WHERE id = $1', [mailing]);
  while (await purgeDeletedMailings(sql, 0));
}

const COUNT = 20_000;

test.each([
  ['nobody had counted them', []],
  ['they were counted when there were none', ['ANALYZE messages', 'ANALYZE batches', 'ANALYZE attempts']],
])('no statement reads all messages, though its plan was made when %s', async (_, counting) => {
  const scenario = await setup();
  const reads = async () => {
    await scenario.run('SELECT pg_stat_force_next_flush()');
    const [table] = await scenario.run<{ whole: number; rows: number }>(
      `SELECT t.seq_scan AS whole, sum(i.idx_tup_read)::float8 AS rows
       FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid) WHERE t.relname = 'messages'
       GROUP BY t.seq_scan`,
    );
    return table ?? { whole: Number.NaN, rows: Number.NaN };
  };
  for (const statement of counting) await scenario.run(statement);
  // From its sixth time on, a statement may keep its plan.
  for (let time = 0; time < 7; time += 1) await wholeLife(scenario, 4);
  const before = await reads();
  await wholeLife(scenario, COUNT);
  const after = await reads();

  expect(after.whole).toBe(before.whole);
  expect(after.rows).toBeGreaterThan(before.rows + COUNT);
  expect(after.rows).toBeLessThan(before.rows + 10 * COUNT);
});
