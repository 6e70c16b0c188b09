import type { Sql } from '#libs/database';
import { messageStatuses } from '#libs/queue/transitions';

/*
 * Tables as a year of service leaves them: clients, four thousand small mailings and four large ones of the past, one
 * that is being sent, and one in each state that a duty looks for. The ids are fixed, so that cases can name them.
 */

export const CLIENTS = 200_000;

/** How many batches of the mailing that is being sent are in each state, in the order of their ids. */
const SENT_BATCHES = 100;
const LEASED_BATCHES = 8;
const ABANDONED_BATCHES = 20;

/** Mailings by what they are there for. Each one's batches are numbered from its id times 1,000. */
export const mailing = {
  large: 5_001,
  sending: 5_010,
  limited: 5_031,
  paused: 5_032,
  ended: 5_033,
  cancelled: 5_034,
  windowed: 5_035,
  allSent: 5_036,
  deleted: 5_037,
  cleared: 5_038,
  /** A hundred that nobody has begun to plan. */
  scheduled: 5_100,
} as const;

export const firstBatch = {
  leased: mailing.sending * 1_000 + SENT_BATCHES,
  ready: mailing.sending * 1_000 + SENT_BATCHES + LEASED_BATCHES + ABANDONED_BATCHES,
  limited: mailing.limited * 1_000,
} as const;

export const dispatcher = {
  /** Holds the leases of the mailing that is being sent. */
  living: '00000000-0000-4000-8000-000000000001',
  /** Was silent for an hour, with leases that have run out. */
  dead: '00000000-0000-4000-8000-000000000009',
} as const;

/** Of each kind: from which id, how many mailings, how many messages each has. */
const kinds: readonly (readonly [first: number, mailings: number, messages: number, row: string])[] = [
  [1, 4_000, 50, past()],
  [mailing.large, 4, 160_000, past()],
  [mailing.sending, 1, 200_000, running()],
  [mailing.sending + 1, 20, 200, running()],
  [mailing.limited, 1, 5_000, `${running()}, rate_limit = 1000`],
  [mailing.paused, 1, 5_000, running('paused')],
  [mailing.ended, 1, 20_000, `${running()}, end_at = now() - interval '1 minute'`],
  [mailing.cancelled, 1, 5_000, running('cancelled')],
  [mailing.windowed, 1, 30_000, `${running()}, window_from = '09:00', window_to = '21:00'`],
  [mailing.allSent, 1, 5_000, running()],
  [mailing.deleted, 1, 10_000, `${past()}, deleted_at = now()`],
  [mailing.cleared, 1, 0, `${past()}, deleted_at = now()`],
  [mailing.scheduled, 100, 0, `start_at = now() + interval '1 day', end_at = now() + interval '2 days'`],
];

function past(): string {
  return `status = 'completed', start_at = now() - interval '9 days', started_at = now() - interval '9 days',
    planned_at = now() - interval '9 days', end_at = now() - interval '8 days', finished_at = now() - interval '8 days'`;
}

function running(status = 'running'): string {
  return `status = '${status}', started_at = now() - interval '1 hour', planned_at = now() - interval '1 hour',
    start_at = now() - interval '1 hour'`;
}

/** The state of the batch "nth" of a mailing "m", by what the mailing is there for. */
const batchState = `
  CASE WHEN m.finished_at IS NOT NULL OR m.id = ${mailing.allSent} THEN 'done'
    WHEN m.id = ${mailing.sending} AND nth < ${SENT_BATCHES} THEN 'done'
    WHEN m.id = ${mailing.sending} AND nth < ${SENT_BATCHES + LEASED_BATCHES + ABANDONED_BATCHES} THEN 'leased'
    WHEN m.id = ${mailing.limited} AND nth < 2 THEN 'leased'
    ELSE 'ready' END::batch_state`;

const statements: readonly string[] = [
  // Nothing here has to outlast a crash, and what isn't logged is written twice as fast. When a vacuum comes in
  // between, another number of pages is read.
  ...['clients', 'messages', 'attempts', 'batches'].map((table) => `ALTER TABLE ${table} SET UNLOGGED`),
  ...['clients', 'mailings', 'messages', 'attempts', 'batches', 'mailing_counters'].map(
    (table) => `ALTER TABLE ${table} SET (autovacuum_enabled = false)`,
  ),

  // Half have the common tag, one in 500 that of a city; a few at the very end have what is rare.
  `INSERT INTO clients (phone, operator_code, tags, timezone)
   SELECT 79000000000 + n, CASE WHEN n > ${CLIENTS - 30} THEN '800' ELSE (900 + n % 100)::text END,
     CASE WHEN n % 2 = 0 THEN ARRAY['common', 'city-' || n % 500] ELSE ARRAY['city-' || n % 500] END
       || CASE WHEN n > ${CLIENTS - 30} THEN '{rare}' ELSE '{}' END::text[],
     CASE WHEN n > ${CLIENTS - 30} THEN 'Asia/Anadyr'
       ELSE (ARRAY['Europe/Moscow', 'Europe/Moscow', 'Europe/Samara', 'Asia/Omsk', 'Asia/Tokyo'])[1 + n % 5] END
   FROM generate_series(1, ${CLIENTS}) AS n`,

  `CREATE TEMPORARY TABLE size_of (id bigint PRIMARY KEY, messages integer NOT NULL)`,
  `INSERT INTO size_of VALUES ${kinds
    .flatMap(([first, count, messages]) =>
      Array.from({ length: count }, (_, nth) => `(${first + nth}, ${messages})`),
    )
    .join(', ')}`,
  `INSERT INTO mailings (id, text, start_at, end_at) OVERRIDING SYSTEM VALUE
   SELECT id, 'Hello', now(), now() + interval '1 day' FROM size_of ORDER BY id`,
  ...kinds.map(
    ([first, count, , row]) =>
      `UPDATE mailings SET ${row} WHERE id BETWEEN ${first} AND ${first + count - 1}`,
  ),

  `INSERT INTO batches (id, mailing_id, provider_id, size, state, due_at, timezone, not_before, not_after)
   SELECT m.id * 1000 + nth, m.id, 1, least(500, s.messages), ${batchState}, m.start_at,
     CASE WHEN m.window_from IS NOT NULL THEN 'Europe/Moscow' END,
     CASE WHEN m.window_from IS NOT NULL THEN now() - interval '12 hours' ELSE '-infinity' END,
     CASE WHEN m.window_from IS NOT NULL THEN now() - interval '1 minute' ELSE 'infinity' END
   FROM mailings m JOIN size_of s USING (id) CROSS JOIN generate_series(0, (s.messages - 1) / 500) AS nth
   WHERE s.messages > 0`,
  `SELECT setval('batches_id_seq', 10000000)`,
  // Retries that wait for hours, as an outage leaves them, and the batches of years that are over.
  `INSERT INTO batches (mailing_id, provider_id, size, due_at)
   SELECT ${mailing.sending}, 1, 5, now() + interval '1 hour' * random() FROM generate_series(1, 5000)`,
  `INSERT INTO batches (mailing_id, provider_id, size, state, due_at)
   SELECT 1 + n % 4000, 1, 500, 'done', now() - interval '9 days' FROM generate_series(1, 40000) AS n`,
  `UPDATE batches SET owner = '${dispatcher.living}', fence = 1, leased_at = now(),
     lease_until = now() + interval '1 hour', granted_upto = 0
   WHERE state = 'leased'`,

  // In the order in which planning writes them; what was sent long ago came to this and that.
  `INSERT INTO messages (mailing_id, client_id, batch_id, phone, created_at, status, sent_at, attempts, last_error)
   SELECT m.id, 1 + (n + m.id * 37) % ${CLIENTS}, m.id * 1000 + n / 500, 79000000001 + (n + m.id * 37) % ${CLIENTS},
     m.start_at, state.status, CASE WHEN state.status >= 'sent' THEN m.start_at END,
     CASE WHEN state.status = 'pending' THEN 0 ELSE 1 END,
     CASE WHEN state.status = 'failed' THEN 'no such number' END
   FROM mailings m JOIN size_of s USING (id) CROSS JOIN generate_series(0, s.messages - 1) AS n
   CROSS JOIN LATERAL (SELECT CASE
     WHEN m.planned_at < now() - interval '2 hours' THEN
       CASE WHEN n % 50 = 0 THEN 'failed' WHEN n % 200 = 7 THEN 'unknown' WHEN n % 3 = 0 THEN 'sent' ELSE 'delivered' END
     WHEN m.id = ${mailing.allSent} OR (m.id = ${mailing.sending} AND n < ${SENT_BATCHES * 500}) THEN 'sent'
     ELSE 'pending' END::message_status AS status) AS state
   ORDER BY m.id, n`,
  `UPDATE batches b SET owner = '${dispatcher.dead}', lease_until = now() - interval '59 minutes',
     granted_upto = (SELECT min(id) + 63 FROM messages m WHERE m.batch_id = b.id)
   WHERE id BETWEEN ${firstBatch.leased + LEASED_BATCHES} AND ${firstBatch.ready - 1}`,
  `INSERT INTO attempts (message_id, number, at, outcome, http_status, error, latency_ms, dispatcher)
   SELECT id, 1, now(), 'refused', 422, 'no such number', 12, '${dispatcher.living}' FROM messages WHERE id % 10 = 0`,

  `INSERT INTO mailing_counters (mailing_id, shard, ${messageStatuses.join(', ')})
   SELECT coalesce(mailing_id, 0), shard,
     ${messageStatuses.map((status) => `count(*) FILTER (WHERE status = '${status}')`).join(', ')}
   FROM (SELECT mailing_id, status, client_id % 16 AS shard FROM messages) AS one
   GROUP BY GROUPING SETS ((mailing_id, shard), (shard))`,

  `INSERT INTO dispatchers (id, shard, host, pid, started_at, heartbeat_at, steady_since)
   SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, n, 'here', n, now() - interval '1 day',
     now() + CASE WHEN n = 9 THEN interval '-1 hour' ELSE interval '1 hour' END, now() - interval '1 day'
   FROM unnest(ARRAY[1, 2, 3, 9]) AS n`,
  `INSERT INTO control_confirmations (mailing_id, dispatcher_id, version, in_flight, confirmed_at)
   SELECT m.id, d.id, 1, 0, now() FROM mailings m CROSS JOIN dispatchers d`,
  `UPDATE mailings SET control_at = now(), control_version = 1 WHERE id = ${mailing.paused}`,
  `UPDATE mailings SET control_at = start_at, control_version = 1 WHERE id <= 4000`,
  `INSERT INTO idempotency_keys (key, fingerprint, created_at, status, answer)
   SELECT 'key-' || n, '', now() - interval '26 hours' * n / 50000, 201, '{}' FROM generate_series(1, 50000) AS n`,
  `DROP TABLE size_of`,
];

/** Fills an empty, migrated database. */
export async function fillTables(sql: Sql): Promise<void> {
  await sql.transaction(async (transaction) => {
    for (const text of statements) await transaction.query({ name: '', text });
  });
  await sql.query({ name: '', text: 'VACUUM ANALYZE' });
}
