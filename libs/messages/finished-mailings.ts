import type { SqlExecutor, Statement } from '#libs/database';

/**
 * A mailing is over when it is planned and no batch is open: `completed`, or still `cancelled`. A paused one
 * is over as well once its end has passed and everything in it has expired.
 */
const finish: Statement = {
  name: 'finish-mailings',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now)
    UPDATE mailings m SET
      status = CASE WHEN m.status = 'cancelled' THEN m.status ELSE 'completed' END,
      finished_at = clock.now, updated_at = clock.now
    FROM clock
    WHERE m.started_at IS NOT NULL AND m.finished_at IS NULL
      AND (m.status = 'cancelled'
        OR (m.planned_at IS NOT NULL AND (m.status = 'running' OR m.end_at <= clock.now)))
      AND NOT EXISTS (SELECT FROM batches b WHERE b.mailing_id = m.id AND b.state <> 'done')
    RETURNING m.id, m.status`,
};

/** Finishes every mailing that has nothing left open, and returns them. */
export function finishMailings(
  sql: SqlExecutor,
): Promise<{ id: number; status: 'completed' | 'cancelled' }[]> {
  return sql.query(finish);
}
