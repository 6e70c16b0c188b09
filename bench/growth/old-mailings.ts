import type { BenchWorld } from '../world.js';

/** Messages of one old mailing, to clients 1 and up. */
export const MESSAGES_OF_ONE = 100_000;

/**
 * Adds mailings that were sent long ago, with everything the service leaves of them: finished mailings, done
 * batches of 500, sent messages, and counters, the total's included. Messages are written as they end, which
 * is what is left of a row after a HOT update and its pruning.
 */
export async function addOldMailings(world: BenchWorld, messages: number): Promise<void> {
  await world.query(
    `WITH made AS (
       INSERT INTO mailings (text, audience, start_at, end_at, status, started_at, planned_at, finished_at, plan_cursor)
       SELECT 'Long ago', '{}', now() - interval '9 days', now() - interval '8 days', 'completed',
         now() - interval '9 days', now() - interval '9 days', now() - interval '9 days', $2::int
       FROM generate_series(1, $1::int / $2::int)
       RETURNING id
     ), batch AS (
       INSERT INTO batches (mailing_id, provider_id, state, size, due_at, fence)
       SELECT made.id, 1, 'done', 500, now() - interval '9 days', 1
       FROM made CROSS JOIN generate_series(1, $2::int / 500)
       RETURNING id, mailing_id
     ), numbered AS (
       SELECT id, mailing_id, row_number() OVER (PARTITION BY mailing_id ORDER BY id) - 1 AS nth FROM batch
     ), message AS (
       INSERT INTO messages (mailing_id, client_id, batch_id, phone, created_at, sent_at, status, attempts)
       SELECT mailing_id, nth * 500 + client, id, 79000000000 + nth * 500 + client,
         now() - interval '9 days', now() - interval '9 days', 'sent', 1
       FROM numbered CROSS JOIN generate_series(1, 500) AS client
       ORDER BY id, client
     )
     INSERT INTO mailing_counters (mailing_id, shard, sent)
     SELECT id, 0, $2::int FROM made UNION ALL SELECT 0, 0, $1::int
     ON CONFLICT (mailing_id, shard) DO UPDATE SET sent = mailing_counters.sent + excluded.sent`,
    [messages, MESSAGES_OF_ONE],
  );
  await world.query('VACUUM ANALYZE messages, batches, mailings, mailing_counters');
  // Otherwise gigabytes are written to disk while what follows is measured.
  await world.query('CHECKPOINT');
}
