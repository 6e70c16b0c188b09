import type { SqlExecutor, Statement } from '#libs/database';
import type { BreakerRow } from './breaker-row.js';

/** While a probe is on its way, its own answer decides. */
const prolong: Statement = {
  name: 'prolong-open-breaker',
  text: `
    WITH wanted AS MATERIALIZED (SELECT ems_now() + make_interval(secs => $2::float8 / 1000) AS until)
    UPDATE providers p SET retry_at = wanted.until, version = p.version + 1
    FROM wanted
    WHERE p.id = $1 AND p.breaker = 'open' AND p.retry_at < wanted.until
    RETURNING p.version`,
};

/**
 * The provider asked for `forMs` of peace while its breaker was open already: no probe comes sooner. Returns the
 * row's new version, undefined when it was to be left alone for as long anyway.
 */
export async function prolongOpenBreaker(
  sql: SqlExecutor,
  providerId: number,
  forMs: number,
): Promise<BreakerRow['version'] | undefined> {
  const [row] = await sql.query<Pick<BreakerRow, 'version'>>(prolong, [providerId, forMs]);
  return row?.version;
}
