import type { SqlExecutor, Statement } from '#libs/database';

/**
 * Frees batches that are leased to a dispatcher which does not know of them: Postgres broke off before the
 * answer to a lease or a release arrived. Nobody else would, since their owner lives. Nothing of them is in
 * doubt: a dispatcher sends only what it was told that it may, and lets go only of what is recorded. The fence
 * moves on, should the answer arrive after all.
 */
const free: Statement = {
  name: 'free-forgotten-batches',
  text: `
    UPDATE batches SET
      state = 'ready', owner = NULL, fence = fence + 1, lease_until = NULL, granted_upto = 0,
      ticketed_until = NULL
    WHERE state = 'leased' AND lease_until <= (SELECT ems_now()) AND owner = $1::uuid
      AND id <> ALL ($2::bigint[])
    RETURNING id`,
};

/** Frees what is `owner`'s by a lease that ran out but not among the batches it knows; returns their ids. */
export async function freeForgottenBatches(
  sql: SqlExecutor,
  owner: string,
  knownIds: readonly number[],
): Promise<number[]> {
  return (await sql.query<{ id: number }>(free, [owner, knownIds])).map((row) => row.id);
}
