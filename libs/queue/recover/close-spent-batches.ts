import type { Sql, Statement } from '#libs/database';
import { unfinished } from '#libs/mailings/status';
import { afterChange, returningChanged } from '#libs/queue/transitions';

/** How many batches one call closes: at most 10,000 rows in one short transaction. */
const BATCHES_A_PAGE = 20;

/** The waiting batches of mailings that ended or were cancelled. A leased one is left to its owner. */
const lockSpent: Statement = {
  name: 'lock-spent-batches',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now)
    SELECT b.id, CASE WHEN m.status = 'cancelled' THEN 'cancelled' ELSE 'expired' END AS verdict
    FROM clock CROSS JOIN mailings m JOIN batches b ON b.mailing_id = m.id
    WHERE ${unfinished}
      AND (m.status = 'cancelled' OR m.end_at <= clock.now)
      AND b.state <> 'done' AND b.state = 'ready'
    LIMIT ${BATCHES_A_PAGE}
    FOR NO KEY UPDATE OF b SKIP LOCKED`,
};

/**
 * Closes them: their pending messages become `expired` or `cancelled`, and `unknown` where an attempt's fate
 * is not known. A statement of its own, because a retry may have joined one of them after the snapshot in
 * which they were found, and would stay behind in a closed batch.
 *
 * `id + 0` and `= ANY (ARRAY[...])` leave nothing to gain from reading the primary key in its order, from end to
 * end, for each row found: a plan made while the table had one page would prefer that. See statement-plans.test.ts.
 */
const close: Statement = {
  name: 'close-spent-batches',
  text: `
    WITH spent AS MATERIALIZED (
      SELECT * FROM unnest($2::bigint[], $3::message_status[]) AS s (id, verdict) ORDER BY id
    ), locked AS MATERIALIZED (
      SELECT m.id, m.was, s.verdict FROM spent s CROSS JOIN LATERAL (
        SELECT id, status AS was FROM messages WHERE batch_id = s.id AND status = 'pending'
        ORDER BY id + 0
        FOR NO KEY UPDATE
      ) m
    ), changed AS (
      UPDATE messages m SET
        status = CASE WHEN m.in_doubt_since IS NOT NULL THEN 'unknown' ELSE l.verdict END,
        last_error = coalesce(m.last_error, CASE WHEN l.verdict = 'cancelled' THEN 'the mailing was cancelled'
          ELSE 'the mailing ended before it could be sent' END)
      FROM locked l WHERE m.id = ANY (ARRAY[l.id])
      ${returningChanged({ was: 'l.was' })}
    ), ${afterChange('$1')}
    UPDATE batches b SET state = 'done', ticketed_until = NULL
    FROM spent s WHERE b.id = ANY (ARRAY[s.id])`,
};

/** Closes one page; returns how many batches. */
export function closeSpentBatches(sql: Sql, shard: number): Promise<number> {
  return sql.transaction(async (transaction) => {
    const spent = await transaction.query<{ id: number; verdict: string }>(lockSpent);
    if (spent.length === 0) return 0;
    await transaction.query(close, [shard, spent.map(({ id }) => id), spent.map(({ verdict }) => verdict)]);
    return spent.length;
  });
}
