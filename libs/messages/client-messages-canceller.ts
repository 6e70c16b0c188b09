import type { SqlExecutor, Statement } from '#libs/database';
import { COUNTER_SHARDS, countChanges } from './counter-changes.js';

/**
 * A message that is being sent at this moment is cancelled too; if the provider accepts it, `sent` beats
 * `cancelled`, and if its dispatcher dies it becomes `unknown`.
 */
const cancel: Statement = {
  name: 'cancel-messages-of-client',
  text: `
    WITH held AS MATERIALIZED (
      SELECT msg.id, msg.status AS was
      FROM mailings m CROSS JOIN LATERAL (
        SELECT id, status FROM messages WHERE mailing_id = m.id AND client_id = $1
      ) one JOIN messages msg ON msg.id = one.id
      WHERE m.started_at IS NOT NULL AND m.finished_at IS NULL AND msg.status = 'pending'
      ORDER BY msg.id
      FOR NO KEY UPDATE OF msg
    ), changed AS (
      UPDATE messages m SET
        status = CASE WHEN m.in_doubt_since IS NOT NULL THEN 'unknown' ELSE 'cancelled' END::message_status,
        last_error = 'the client was deleted'
      FROM held h WHERE m.id = h.id
      RETURNING m.id, m.mailing_id, h.was, m.status AS becomes
    ), counted AS (
      ${countChanges('changed', '$2')}
    )
    SELECT id FROM changed`,
};

/** Cancels what a client has not been sent yet, over all mailings; returns how many messages. */
export async function cancelMessagesOfClient(executor: SqlExecutor, clientId: number): Promise<number> {
  // Any shard will do, and a random one keeps callers out of the dispatchers' way.
  const shard = Math.floor(Math.random() * COUNTER_SHARDS);
  return (await executor.query(cancel, [clientId, shard])).length;
}
