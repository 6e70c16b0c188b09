import type { SqlExecutor, Statement } from '#libs/database';
import { breakerColumns, type BreakerRow } from './breaker-row.js';

const close: Statement = {
  name: 'close-breaker',
  text: `
    UPDATE providers p SET breaker = 'closed', reason = NULL, opened_at = NULL, retry_at = NULL, paused_for = NULL,
      failed_probes = 0, refuted = $3, probe_owner = NULL, probe_until = NULL, version = p.version + 1
    WHERE p.id = $1 AND p.breaker = 'half_open' AND p.probe_owner = $2::uuid
    RETURNING ${breakerColumns}`,
};

/** The probe was answered: the provider is back, or, if that refutes those over whom it opened, was there all along. */
export async function closeBreaker(
  sql: SqlExecutor,
  providerId: number,
  owner: string,
  refuted = false,
): Promise<BreakerRow | undefined> {
  return (await sql.query<BreakerRow>(close, [providerId, owner, refuted]))[0];
}
