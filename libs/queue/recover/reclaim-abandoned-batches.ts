import type { SqlExecutor, Statement } from '#libs/database';
import { afterChange, returningChanged } from '#libs/queue/transitions';

/**
 * Takes batches back from an owner that is gone: its lease ran out *and* it has shown no sign of life. What it
 * was granted and did not record may have reached the provider: each such message gets an ambiguous attempt,
 * and becomes `unknown` if its mailing says so, or if it was cancelled or expired meanwhile. It is in doubt
 * since the lease began, for nothing tells when it left. The rest waits again as if nothing had
 * happened. The fence moves on, so the old owner's late intents are refused; a late acceptance still counts.
 * Rows are looked up as in `close-spent-batches`, whatever size a plan takes the tables for.
 */
const reclaim: Statement = {
  name: 'reclaim-abandoned-batches',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), abandoned AS MATERIALIZED (
      SELECT b.id, b.owner, b.granted_upto, b.leased_at,
        CASE WHEN b.probe_fence = b.fence THEN b.granted_upto ELSE 0 END AS granted_from,
        (SELECT on_ambiguous = 'hold' FROM mailings WHERE id = b.mailing_id) AS holds
      FROM batches b CROSS JOIN clock
      CROSS JOIN dispatchers me
      LEFT JOIN dispatchers d ON d.id = b.owner
      WHERE me.id = $4::uuid
        AND me.heartbeat_at > clock.now - make_interval(secs => $1::float8 / 2000)
        AND me.steady_since <= clock.now - make_interval(secs => $1::float8 / 1000)
        AND b.state = 'leased' AND b.lease_until <= clock.now
        AND (d.id IS NULL OR d.heartbeat_at <= clock.now - make_interval(secs => $1::float8 / 1000))
      ORDER BY b.lease_until
      LIMIT 10
      FOR NO KEY UPDATE OF b SKIP LOCKED
    ), doubtful AS MATERIALIZED (
      SELECT m.id, m.was, a.owner, a.leased_at, a.holds FROM abandoned a CROSS JOIN LATERAL (
        SELECT id, status AS was FROM messages
        WHERE batch_id = a.id AND id + 0 BETWEEN a.granted_from AND a.granted_upto
          AND status IN ('pending', 'cancelled', 'expired')
        ORDER BY id + 0
        FOR NO KEY UPDATE
      ) m
    ), changed AS (
      UPDATE messages m SET
        in_doubt_since = least(m.in_doubt_since, coalesce(d.leased_at, m.created_at)),
        attempts = m.attempts + 1,
        last_error = 'the dispatcher stopped while this was being sent',
        status = CASE
          WHEN d.was = 'pending' AND NOT d.holds AND m.attempts + 1 - m.resolved_attempts < $2 THEN 'pending'
          ELSE 'unknown'
        END::message_status
      FROM doubtful d WHERE m.id = ANY (ARRAY[d.id])
      ${returningChanged({ was: 'd.was' }, 'm.attempts', 'm.last_error', 'd.owner')}
    ), ${afterChange('$3')}, logged AS (
      INSERT INTO attempts (message_id, number, at, outcome, error, dispatcher)
      SELECT id, attempts, clock.now, 'ambiguous', last_error, owner FROM changed, clock
      ON CONFLICT DO NOTHING
    )
    UPDATE batches b SET
      state = 'ready', owner = NULL, fence = b.fence + 1, lease_until = NULL, granted_upto = 0,
      ticketed_until = NULL
    FROM abandoned a
    WHERE b.id = ANY (ARRAY[a.id])
    RETURNING b.id, b.mailing_id AS "mailingId", a.owner,
      (SELECT count(*) FROM changed)::int AS "doubtfulInAll"`,
};

export interface ReclaimedBatch {
  id: number;
  mailingId: number;
  owner: string;
  /** Messages in doubt over all the batches of this call. */
  doubtfulInAll: number;
}

/**
 * Takes back up to 10 batches whose owner was silent for `silenceMs` past its lease. The caller itself must
 * have been in touch with the database for as long without a gap: after the database was away everyone looks
 * silent, and nobody is judged before having had time to return. That is asked in the statement itself, which
 * may have been delayed on its way.
 */
export function reclaimAbandonedBatches(
  sql: SqlExecutor,
  caller: { id: string; shard: number },
  options: { silenceMs: number; maxAttempts: number },
): Promise<ReclaimedBatch[]> {
  return sql.query(reclaim, [options.silenceMs, options.maxAttempts, caller.shard, caller.id]);
}
