import type { Sql, SqlExecutor, Statement } from '#libs/database';
import { countChanges } from './counter-changes.js';

/** How many batches one call closes: at most 10,000 rows in one short transaction. */
const BATCHES_A_PAGE = 20;

/** The waiting batches of mailings that ended or were cancelled. A leased one is left to its owner. */
const holdSpent: Statement = {
  name: 'lock-spent-batches',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now)
    SELECT b.id, CASE WHEN m.status = 'cancelled' THEN 'cancelled' ELSE 'expired' END AS verdict
    FROM clock CROSS JOIN mailings m JOIN batches b ON b.mailing_id = m.id
    WHERE m.started_at IS NOT NULL AND m.finished_at IS NULL
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
      RETURNING m.mailing_id, l.was, m.status AS becomes
    ), counted AS (
      ${countChanges('changed', '$1')}
    )
    UPDATE batches b SET state = 'done', ticketed_until = NULL
    FROM spent s WHERE b.id = ANY (ARRAY[s.id])`,
};

/** Closes one page; returns how many batches. */
export function closeSpentBatches(sql: Sql, shard: number): Promise<number> {
  return sql.transaction(async (transaction) => {
    const spent = await transaction.query<{ id: number; verdict: string }>(holdSpent);
    if (spent.length === 0) return 0;
    await transaction.query(close, [shard, spent.map(({ id }) => id), spent.map(({ verdict }) => verdict)]);
    return spent.length;
  });
}

/**
 * Moves waiting batches whose local window has passed to its next opening, paused or not. One that can't open
 * before the mailing's end stays where it is, is never leased, and expires with the mailing.
 */
const moveOn: Statement = {
  name: 'move-batches-to-next-window',
  text: `
    WITH clock AS MATERIALIZED (
      SELECT ems_now() AS now, make_interval(secs => $1::float8 / 1000) AS guard
    ), passed AS MATERIALIZED (
      SELECT b.id, b.timezone, m.window_from, m.window_to
      FROM clock CROSS JOIN mailings m JOIN batches b ON b.mailing_id = m.id
      WHERE m.started_at IS NOT NULL AND m.finished_at IS NULL AND m.status IN ('running', 'paused')
        AND m.window_from IS NOT NULL AND m.end_at > clock.now
        AND b.state <> 'done' AND b.state = 'ready' AND b.not_after <= clock.now + clock.guard
      LIMIT 500
      FOR NO KEY UPDATE OF b SKIP LOCKED
    ), opening AS MATERIALIZED (
      SELECT z.timezone, z.window_from, z.window_to, w.opens_at, w.closes_at
      FROM clock CROSS JOIN (SELECT DISTINCT timezone, window_from, window_to FROM passed) z
      CROSS JOIN LATERAL ems_next_window(z.timezone, z.window_from, z.window_to, clock.now + clock.guard) w
    )
    UPDATE batches b SET
      not_before = o.opens_at, not_after = o.closes_at, due_at = greatest(o.opens_at, b.due_at),
      ticketed_until = NULL
    FROM passed p JOIN opening o USING (timezone, window_from, window_to)
    WHERE b.id = p.id
    RETURNING b.id`,
};

/** Moves up to 500 batches to their next window; returns how many. `guardMs` as for sending. */
export async function moveBatchesToNextWindow(sql: SqlExecutor, guardMs: number): Promise<number> {
  return (await sql.query(moveOn, [guardMs])).length;
}
