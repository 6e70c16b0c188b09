import type { SqlExecutor, Statement } from '#libs/database';
import { KEPT_FOR } from './kept-answers.js';

/** Answers may have hundreds of kilobytes each. */
const KEYS_A_PAGE = 500;

const purge: Statement = {
  name: 'purge-idempotency-keys',
  text: `
    DELETE FROM idempotency_keys WHERE key = ANY (ARRAY (
      SELECT key FROM idempotency_keys
      WHERE created_at <= (SELECT ems_now()) - ${KEPT_FOR}
      ORDER BY created_at
      LIMIT ${KEYS_A_PAGE}
      FOR UPDATE SKIP LOCKED
    )) RETURNING key`,
};

/** Removes a page of the keys that are older than 24 hours; returns how many went. */
export async function purgeExpiredKeys(sql: SqlExecutor): Promise<number> {
  return (await sql.query(purge)).length;
}
