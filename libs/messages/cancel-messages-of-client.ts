import type { SqlExecutor, Statement } from '#libs/database';
import { unfinished } from '#libs/mailings/status';
import { afterChange, COUNTER_SHARDS, returningChanged } from '#libs/queue/transitions';

/**
 * A message that is being sent at this moment is cancelled too; if the provider accepts it, `sent` beats
 * `cancelled`, and if its dispatcher dies it becomes `unknown`. One whose batch nobody has leased was certainly
 * not sent, and goes to a batch of its own that is done: the old one's next owner is granted a range of ids, and
 * all that is in it would be in doubt if that owner died. Those batches are locked meanwhile, so that none is
 * leased at the same moment.
 */
const cancel: Statement = {
  name: 'cancel-messages-of-client',
  text: `
    WITH candidate AS MATERIALIZED (
      SELECT one.id, one.batch_id
      FROM mailings m CROSS JOIN LATERAL (
        SELECT id, batch_id, status FROM messages WHERE mailing_id = m.id AND client_id = $1
      ) one
      WHERE ${unfinished} AND one.status = 'pending'
    ), unleased AS MATERIALIZED (
      SELECT id, provider_id, due_at FROM batches
      WHERE id = ANY (ARRAY (SELECT batch_id FROM candidate)) AND state = 'ready'
      ORDER BY id
      FOR SHARE
    ), locked AS MATERIALIZED (
      SELECT id, mailing_id, batch_id, status AS was, in_doubt_since IS NOT NULL AS in_doubt FROM messages
      WHERE id = ANY (ARRAY (SELECT id FROM candidate)) AND status = 'pending'
        -- Asked so that the batches are locked first.
        AND (SELECT count(*) FROM unleased) >= 0
      ORDER BY id
      FOR NO KEY UPDATE
    ), unsent AS MATERIALIZED (
      SELECT l.id, l.mailing_id, u.provider_id, u.due_at,
        nextval(pg_get_serial_sequence('batches', 'id')) AS batch_id
      FROM locked l JOIN unleased u ON u.id = l.batch_id
      WHERE NOT l.in_doubt
    ), closed AS (
      INSERT INTO batches (id, mailing_id, provider_id, state, size, due_at)
      SELECT batch_id, mailing_id, provider_id, 'done', 1, due_at FROM unsent
    ), changed AS (
      UPDATE messages m SET
        status = CASE WHEN m.in_doubt_since IS NOT NULL THEN 'unknown' ELSE 'cancelled' END::message_status,
        batch_id = coalesce(u.batch_id, m.batch_id),
        last_error = 'the client was deleted'
      FROM locked l LEFT JOIN unsent u USING (id) WHERE m.id = l.id
      ${returningChanged({ was: 'l.was' })}
    ), ${afterChange('$2')}
    SELECT id FROM changed`,
};

/** Cancels what a client has not been sent yet, over all mailings; returns how many messages. */
export async function cancelMessagesOfClient(executor: SqlExecutor, clientId: number): Promise<number> {
  // Any shard will do, and a random one keeps callers out of the dispatchers' way.
  const shard = Math.floor(Math.random() * COUNTER_SHARDS);
  return (await executor.query(cancel, [clientId, shard])).length;
}
