import type { SqlExecutor, Statement } from '#libs/database';
import type { LeaseKey } from '#libs/queue/lease';

const findExpired: Statement = {
  name: 'find-expired-leases',
  text: `
    SELECT id, fence FROM batches
    WHERE state = 'leased' AND lease_until <= (SELECT ems_now()) AND owner = $1::uuid`,
};

/** The leases of `owner` that have run out, whether it knows of them or not. */
export function findExpiredLeases(sql: SqlExecutor, owner: string): Promise<LeaseKey[]> {
  return sql.query(findExpired, [owner]);
}

/**
 * Frees batches that are leased to a dispatcher which does not know of them: Postgres broke off before the
 * answer to a lease or a release arrived. Nobody else would, since their owner lives. Nothing of them is in
 * doubt: a dispatcher sends only what it was told that it may, and lets go only of what is recorded. They are
 * named by their fence, because this statement may be delayed for longer than a lease, and by then the owner
 * may be sending the same batch under its next one. The fence moves on, should an answer arrive after all.
 */
const free: Statement = {
  name: 'free-forgotten-batches',
  text: `
    UPDATE batches b SET
      state = 'ready', owner = NULL, fence = b.fence + 1, lease_until = NULL, granted_upto = 0,
      ticketed_until = NULL
    FROM unnest($2::bigint[], $3::bigint[]) AS forgotten (id, fence)
    WHERE b.id = forgotten.id AND b.fence = forgotten.fence AND b.state = 'leased' AND b.owner = $1::uuid
    RETURNING b.id`,
};

/**
 * Frees tenures of `owner`, which must never come to send under them any more; returns the ids of the batches
 * that still were in one.
 */
export async function freeForgottenBatches(
  sql: SqlExecutor,
  owner: string,
  forgotten: readonly LeaseKey[],
): Promise<number[]> {
  const rows = await sql.query<{ id: number }>(free, [
    owner,
    forgotten.map(({ id }) => id),
    forgotten.map(({ fence }) => fence),
  ]);
  return rows.map(({ id }) => id);
}
