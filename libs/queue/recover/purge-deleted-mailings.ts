import type { SqlExecutor, Statement } from '#libs/database';
import { messageStatuses } from '#libs/queue/transitions';

const BATCHES_A_PAGE = 10;

/**
 * Not while a batch of the mailing is leased: its last retries may still join one of the others, after the
 * snapshot in which that one's messages were found. Written so that every plan looks rows up by index,
 * whatever size it takes the tables for.
 */
const purgeBatches: Statement = {
  name: 'purge-deleted-batches',
  text: `
    WITH doomed AS MATERIALIZED (
      SELECT b.id FROM mailings m JOIN batches b ON b.mailing_id = m.id
      WHERE m.deleted_at IS NOT NULL AND b.state <> 'leased'
        AND NOT EXISTS (SELECT FROM batches l WHERE l.mailing_id = m.id AND l.state = 'leased')
      LIMIT ${BATCHES_A_PAGE}
      FOR UPDATE OF b SKIP LOCKED
    ), theirs AS MATERIALIZED (
      SELECT m.id FROM doomed d CROSS JOIN LATERAL (SELECT id FROM messages WHERE batch_id = d.id OFFSET 0) m
    ), gone AS (
      DELETE FROM messages WHERE id = ANY (ARRAY (SELECT id FROM theirs))
    ), unlogged AS (
      DELETE FROM attempts WHERE message_id = ANY (ARRAY (SELECT id FROM theirs))
    )
    DELETE FROM batches WHERE id = ANY (ARRAY (SELECT id FROM doomed)) RETURNING id`,
};

/** The grand total loses what the mailing had, in the transaction that ends the mailing. */
const purgeMailings: Statement = {
  name: 'purge-deleted-mailings',
  text: `
    WITH doomed AS MATERIALIZED (
      SELECT m.id FROM mailings m
      WHERE m.deleted_at IS NOT NULL AND NOT EXISTS (SELECT FROM batches b WHERE b.mailing_id = m.id)
      LIMIT 100
      FOR UPDATE OF m SKIP LOCKED
    ), counted AS (
      DELETE FROM mailing_counters c USING doomed d WHERE c.mailing_id = d.id RETURNING c.*
    ), total AS (
      INSERT INTO mailing_counters (mailing_id, shard, ${messageStatuses.join(', ')})
      SELECT 0, $1::smallint, ${messageStatuses.map((status) => `-sum(${status})`).join(', ')}
      FROM counted HAVING count(*) > 0
      ON CONFLICT (mailing_id, shard) DO UPDATE SET
        ${messageStatuses.map((status) => `${status} = mailing_counters.${status} + excluded.${status}`).join(', ')}
    ), confirmed AS (
      DELETE FROM control_confirmations c USING doomed d WHERE c.mailing_id = d.id
    )
    DELETE FROM mailings m USING doomed d WHERE m.id = d.id RETURNING m.id`,
};

/**
 * Removes one page of what deleted mailings left behind, then the mailings that have nothing left. Returns how
 * many rows of the queue and of mailings went; 0 when there is nothing to do (a leased batch is waited for).
 */
export async function purgeDeletedMailings(sql: SqlExecutor, shard: number): Promise<number> {
  const batches = await sql.query(purgeBatches);
  if (batches.length > 0) return batches.length;
  return (await sql.query(purgeMailings, [shard])).length;
}
