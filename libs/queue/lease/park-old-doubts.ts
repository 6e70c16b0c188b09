import type { SqlExecutor, Statement } from '#libs/database';
import { afterChange, returningChanged } from '#libs/queue/transitions';

/**
 * A provider recognises an id within its deduplication window only. Later, a message that it may have taken would be
 * a new one to it, so such a message is not sent again. The margin is a whole request, because one that started just
 * in time may still arrive too late. What a person has decided to send again is sent once, whatever its age.
 * Rows are looked up as in `close-spent-batches`.
 */
const park: Statement = {
  name: 'park-old-doubts',
  text: `
    WITH locked AS MATERIALIZED (
      SELECT m.id, m.status AS was FROM messages m
      WHERE m.batch_id = $1 AND m.status = 'pending'
        AND (m.resolved_attempts = 0 OR m.attempts > m.resolved_attempts)
        AND m.in_doubt_since <= ems_now() + make_interval(secs => $2::float8 / 1000) - (
          SELECT p.key_lifetime FROM batches b JOIN providers p ON p.id = b.provider_id WHERE b.id = $1)
      ORDER BY m.id + 0
      FOR NO KEY UPDATE
    ), changed AS (
      UPDATE messages m SET
        status = 'unknown',
        last_error = coalesce(m.last_error, 'in doubt for longer than the provider knows an id again')
      FROM locked l WHERE m.id = ANY (ARRAY[l.id])
      ${returningChanged({ was: 'l.was' })}
    ), ${afterChange('$3')}
    SELECT id FROM changed`,
};

/**
 * Parks as `unknown` what a batch has of messages whose doubt is older than the provider's deduplication window, or
 * will be before a request of `requestMs` is over. Returns their ids.
 */
export async function parkOldDoubts(
  sql: SqlExecutor,
  batchId: number,
  writer: { shard: number; requestMs: number },
): Promise<number[]> {
  const rows = await sql.query<{ id: number }>(park, [batchId, writer.requestMs, writer.shard]);
  return rows.map(({ id }) => id);
}
