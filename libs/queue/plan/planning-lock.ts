import type { SqlExecutor, Statement } from '#libs/database';

/** The key of the advisory lock, "PLAN" in ASCII. */
const KEY = 0x50_4c_41_4e;

const share: Statement = {
  name: 'share-planning-lock',
  text: `SELECT pg_advisory_xact_lock_shared(${KEY})`,
};

const take: Statement = {
  name: 'take-planning-lock',
  text: `SELECT pg_advisory_xact_lock(${KEY})`,
};

/**
 * A page of planning and the deletion of a client exclude each other, or a page whose snapshot is older than
 * the deletion would write a message that the deletion did not find. Pages don't exclude each other. It has
 * to be a transaction's first statement: what follows then sees what the other side has committed.
 */
export async function enterPlanning(transaction: SqlExecutor): Promise<void> {
  await transaction.query(share);
}

/** Waits for the pages that are being written, half a second at most, and makes the next wait; see above. */
export async function excludePlanning(transaction: SqlExecutor): Promise<void> {
  await transaction.query(take);
}
