import type { SqlExecutor, Statement } from '#libs/database';
import type { LeaseKey } from './lease-terms.js';

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
