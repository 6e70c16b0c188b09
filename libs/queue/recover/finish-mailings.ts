import type { Sql, Statement } from '#libs/database';
import { unfinished } from '#libs/mailings/status';

/** What is over: planned, running or paused, or cancelled, and no batch is open. */
const isOver = `
      ${unfinished}
      AND (m.status = 'cancelled' OR m.planned_at IS NOT NULL)
      AND NOT EXISTS (SELECT FROM batches b WHERE b.mailing_id = m.id AND b.state <> 'done')`;

const lock: Statement = {
  name: 'lock-finished-mailings',
  text: `
    SELECT m.id FROM mailings m
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
 * paused one as well: nothing is left that a resumption could send.
 */
export function finishMailings(sql: Sql): Promise<{ id: number; status: 'completed' | 'cancelled' }[]> {
  return sql.transaction(async (transaction) => {
    const over = await transaction.query<{ id: number }>(lock);
    return over.length === 0 ? [] : transaction.query(finish, [over.map(({ id }) => id)]);
  });
}
