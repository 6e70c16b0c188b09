import type { SqlExecutor, Statement } from '#libs/database';
import { sending } from '#libs/mailings/status';
import { breakerColumns, type BreakerRow } from './breaker-row.js';

/**
 * A probe is a real message, so there is none to start while nothing is due. What is due is looked for in each
 * mailing's part of the index: else all that waits for later would be read, four times a second.
 */
const startProbe: Statement = {
  name: 'start-probe',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now)
    UPDATE providers p SET breaker = 'half_open', probe_owner = $2::uuid,
      probe_until = clock.now + make_interval(secs => $3::float8 / 1000), version = p.version + 1
    FROM clock
    WHERE p.id = $1
      AND ((p.breaker = 'open' AND p.retry_at <= clock.now)
        OR (p.breaker = 'half_open' AND p.probe_until <= clock.now))
      AND EXISTS (
        SELECT FROM mailings m CROSS JOIN LATERAL (
          SELECT FROM batches b
          WHERE b.mailing_id = m.id AND b.state <> 'done' AND b.state = 'ready'
            AND b.provider_id = p.id AND b.due_at <= clock.now AND b.not_after > clock.now
          LIMIT 1
        ) b
        WHERE ${sending}
          AND m.end_at > clock.now)
    RETURNING ${breakerColumns}, extract(epoch FROM clock.now - p.opened_at)::float8 * 1000 AS "openForMs"`,
};

/** The breaker as whoever may probe now has taken it. */
export interface TakenProbe extends BreakerRow {
  /** Milliseconds since it opened. */
  openForMs: number;
}

/** Takes the right to probe for `holdMs`; undefined when it is not yet time, taken, or nothing is due. */
export async function takeProbe(
  sql: SqlExecutor,
  providerId: number,
  owner: string,
  holdMs: number,
): Promise<TakenProbe | undefined> {
  return (await sql.query<TakenProbe>(startProbe, [providerId, owner, holdMs]))[0];
}
