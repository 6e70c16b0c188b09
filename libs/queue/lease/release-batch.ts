import type { SqlExecutor, Statement } from '#libs/database';
import type { LeaseKey } from './lease-terms.js';

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
