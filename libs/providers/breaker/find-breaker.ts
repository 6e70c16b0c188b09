import type { SqlExecutor, Statement } from '#libs/database';
import { breakerColumns, type BreakerRow } from './breaker-row.js';

const find: Statement = {
  name: 'find-breaker',
  text: `SELECT ${breakerColumns} FROM providers p WHERE p.id = $1`,
};

/** Reads the breaker; throws when there is no such provider. */
export async function findBreaker(sql: SqlExecutor, providerId: number): Promise<BreakerRow> {
  const [breaker] = await sql.query<BreakerRow>(find, [providerId]);
  if (!breaker) throw new Error(`There is no provider ${providerId}`);
  return breaker;
}
