import type { Sql, Statement } from '#libs/database';

/** What may be over: planned, or cancelled, or paused with its end passed, and no batch is open. */
const isOver = `
      m.started_at IS NOT NULL AND m.finished_at IS NULL
      AND (m.status = 'cancelled'
        OR (m.planned_at IS NOT NULL AND (m.status = 'running' OR m.end_at <= clock.now)))
      AND NOT EXISTS (SELECT FROM batches b WHERE b.mailing_id = m.id AND b.state <> 'done')`;

const hold: Statement = {
  name: 'hold-finished-mailings',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now)
    SELECT m.id FROM clock CROSS JOIN mailings m
    WHERE ${isOver}
    FOR NO KEY UPDATE OF m SKIP LOCKED`,
};

/**
 * A statement of its own, because a message may have been resolved to be sent again, with a new batch, after
 * the snapshot in which the mailing was found to have none.
 */
const finish: Statement = {
  name: 'finish-mailings',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now)
    UPDATE mailings m SET
      status = CASE WHEN m.status = 'cancelled' THEN m.status ELSE 'completed' END,
      finished_at = clock.now, updated_at = clock.now
    FROM clock
    WHERE m.id = ANY ($1::bigint[]) AND ${isOver}
    RETURNING m.id, m.status`,
};

/**
 * Finishes every mailing that has nothing left open, and returns them: `completed`, or still `cancelled`. A
 * paused one is over as well once its end has passed and everything in it has expired.
 */
export function finishMailings(sql: Sql): Promise<{ id: number; status: 'completed' | 'cancelled' }[]> {
  return sql.transaction(async (transaction) => {
    const over = await transaction.query<{ id: number }>(hold);
    return over.length === 0 ? [] : transaction.query(finish, [over.map(({ id }) => id)]);
  });
}
