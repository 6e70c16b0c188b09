import type { SqlExecutor, Statement } from '#libs/database';
import { leaseChanges, leaseChosen, type LeasedBatch, leasedColumns } from './leased-batch.js';
import { dueBatches, servingOrder, withoutWaiting } from './serving-order.js';

/** Names one tenure of a batch: every write of intent is refused when it is over. */
export interface LeaseKey {
  id: number;
  fence: number;
}

const leaseTicketed: Statement = {
  name: 'lease-ticketed-batch',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now)
    UPDATE batches b SET ${leaseChanges}
    FROM clock, mailings m, providers p
    WHERE b.id = $4 AND b.fence = $5 AND b.state = 'ready' AND b.due_at <= clock.now
      AND b.not_after > clock.now + make_interval(secs => $3::float8 / 1000)
      AND m.id = b.mailing_id AND m.status = 'running' AND m.deleted_at IS NULL
      AND m.end_at > clock.now + make_interval(secs => $3::float8 / 1000)
      AND p.id = b.provider_id AND p.breaker = 'closed'
      AND ${withoutWaiting('$6')}
    ${leasedColumns}`,
};

// "chosen" asks again what may have changed since the snapshot: only what is read under the lock is so.
const leaseDue: Statement = {
  name: 'lease-due-batch',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), candidate AS (
      ${dueBatches({ guard: '$3', recent: '$4', waiting: '$6', limit: '8' })}
        AND ($7::smallint IS NULL OR m.priority > $7)
    ), chosen AS (
      SELECT b.id FROM candidate c JOIN batches b USING (id) JOIN providers p ON p.id = b.provider_id
      WHERE b.state = 'ready' AND b.due_at <= (SELECT now FROM clock) AND p.breaker = 'closed'
      ORDER BY ${servingOrder('c', '$5')}
      LIMIT 1
      FOR NO KEY UPDATE OF b SKIP LOCKED
    )
    ${leaseChosen}`,
};

export interface LeaseTerms {
  owner: string;
  leaseMs: number;
  guardMs: number;
  /** Mailings of which this owner has a batch already that waits for slots; null among them for all with a limit. */
  waitingMailings: readonly (number | null)[];
}

/** Takes the batch that a ticket names, if it still waits under that fence, is due and may be sent. */
export async function leaseTicketedBatch(
  sql: SqlExecutor,
  terms: LeaseTerms,
  key: LeaseKey,
): Promise<LeasedBatch | undefined> {
  const [batch] = await sql.query<LeasedBatch>(leaseTicketed, [
    terms.owner,
    terms.leaseMs,
    terms.guardMs,
    key.id,
    key.fence,
    terms.waitingMailings,
  ]);
  return batch;
}

/** Which batch is next. */
export interface LeaseOrder {
  recentMailings: number[];
  fair: boolean;
  /** Only one of a higher priority than this. */
  above?: number;
}

/** Takes the batch that is next in the serving order, ticket or not. */
export async function leaseDueBatch(
  sql: SqlExecutor,
  terms: LeaseTerms,
  order: LeaseOrder,
): Promise<LeasedBatch | undefined> {
  const [batch] = await sql.query<LeasedBatch>(leaseDue, [
    terms.owner,
    terms.leaseMs,
    terms.guardMs,
    order.recentMailings,
    order.fair,
    terms.waitingMailings,
    order.above,
  ]);
  return batch;
}

/** Locked in id order, as retries lock the batches that they come from. */
const renew: Statement = {
  name: 'renew-leases',
  text: `
    WITH locked AS MATERIALIZED (
      SELECT b.id FROM unnest($3::bigint[], $4::bigint[]) AS mine (id, fence)
      JOIN batches b ON b.id = mine.id AND b.fence = mine.fence
      WHERE b.owner = $1::uuid AND b.state = 'leased'
      ORDER BY b.id
      FOR NO KEY UPDATE OF b
    )
    UPDATE batches b SET lease_until = ems_now() + make_interval(secs => $2::float8 / 1000)
    FROM locked WHERE b.id = locked.id
    RETURNING b.id`,
};

/** Extends the leases that are still this owner's, and returns the ids of those. */
export async function renewLeases(
  sql: SqlExecutor,
  owner: string,
  leaseMs: number,
  keys: readonly LeaseKey[],
): Promise<Set<number>> {
  const rows = await sql.query<{ id: number }>(renew, [
    owner,
    leaseMs,
    keys.map((key) => key.id),
    keys.map((key) => key.fence),
  ]);
  return new Set(rows.map((row) => row.id));
}

/**
 * Everything granted has been recorded or was never sent, so nothing is in doubt: a batch with messages left
 * waits again with as many as are left, due in `delayMs`, or, without a delay, for as long as it has been due already;
 * one without is done.
 */
const release: Statement = {
  name: 'release-batch',
  text: `
    WITH rest AS (SELECT count(*) AS size FROM messages WHERE batch_id = $2 AND status = 'pending')
    UPDATE batches b SET
      state = CASE WHEN rest.size > 0 THEN 'ready' ELSE 'done' END::batch_state,
      size = CASE WHEN rest.size > 0 THEN rest.size ELSE b.size END,
      owner = NULL, lease_until = NULL, granted_upto = 0,
      due_at = CASE WHEN rest.size > 0 AND $4::float8 > 0
        THEN greatest(b.due_at, ems_now() + make_interval(secs => $4::float8 / 1000)) ELSE b.due_at END
    FROM rest
    WHERE b.id = $2 AND b.fence = $3 AND b.owner = $1::uuid AND b.state = 'leased'
    RETURNING b.state`,
};

/** Gives a batch back. Returns `lost` when the lease was someone else's by then. */
export async function releaseBatch(
  sql: SqlExecutor,
  owner: string,
  key: LeaseKey,
  delayMs: number,
): Promise<'done' | 'ready' | 'lost'> {
  const [row] = await sql.query<{ state: 'done' | 'ready' }>(release, [owner, key.id, key.fence, delayMs]);
  return row?.state ?? 'lost';
}
