import type { SqlExecutor, Statement } from '#libs/database';
import { breakerColumns, type BreakerRow, type Pause } from './breaker-row.js';

const failProbe: Statement = {
  name: 'fail-probe',
  text: `
    UPDATE providers p SET breaker = 'open', reason = coalesce($3, p.reason),
      failed_probes = p.failed_probes + CASE WHEN $3::text IS NULL THEN 0 ELSE 1 END,
      retry_at = ems_now() + make_interval(secs => $4::float8 / 1000),
      paused_for = CASE WHEN $3::text IS NULL THEN p.paused_for ELSE make_interval(secs => $5::float8 / 1000) END,
      probe_owner = NULL, probe_until = NULL, version = p.version + 1
    WHERE p.id = $1 AND p.breaker = 'half_open' AND p.probe_owner = $2::uuid
    RETURNING ${breakerColumns}`,
};

/** The probe failed for a reason, or could not be made (null): what was asked for before is still so then. */
export async function reopenBreaker(
  sql: SqlExecutor,
  { providerId, owner }: { providerId: number; owner: string },
  { reason, retryInMs, askedForMs = 0 }: Pause<string | null>,
): Promise<BreakerRow | undefined> {
  return (await sql.query<BreakerRow>(failProbe, [providerId, owner, reason, retryInMs, askedForMs]))[0];
}
