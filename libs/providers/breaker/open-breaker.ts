import type { SqlExecutor, Statement } from '#libs/database';
import { breakerColumns, type BreakerRow, type Pause } from './breaker-row.js';

const open: Statement = {
  name: 'open-breaker',
  text: `
    UPDATE providers p SET breaker = 'open', reason = $2, opened_at = ems_now(), failed_probes = 0, refuted = false,
      retry_at = ems_now() + make_interval(secs => $3::float8 / 1000),
      paused_for = make_interval(secs => $4::float8 / 1000),
      probe_owner = NULL, probe_until = NULL, version = p.version + 1
    WHERE p.id = $1 AND p.breaker = 'closed'
    RETURNING ${breakerColumns}`,
};

/** Opens a closed breaker; undefined when another dispatcher was first. */
export async function openBreaker(
  sql: SqlExecutor,
  providerId: number,
  { reason, retryInMs, askedForMs = 0 }: Pause,
): Promise<BreakerRow | undefined> {
  return (await sql.query<BreakerRow>(open, [providerId, reason, retryInMs, askedForMs]))[0];
}
