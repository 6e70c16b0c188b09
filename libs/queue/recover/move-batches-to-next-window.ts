import type { SqlExecutor, Statement } from '#libs/database';
import { unfinished } from '#libs/mailings/status';

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
      WHERE ${unfinished} AND m.status IN ('running', 'paused')
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
