import type { SqlExecutor, Statement } from '#libs/database';

export const breakerStates = ['closed', 'open', 'half_open'] as const;

export type BreakerState = (typeof breakerStates)[number];

/** A provider's breaker as all dispatchers share it. Instants are epoch milliseconds of the database's clock. */
export interface BreakerRow {
  state: BreakerState;
  reason: string | null;
  retryAt: number | null;
  probeOwner: string | null;
  failedProbes: number;
  /** It is closed, and those over whose answers it had opened were wrong: others were served all the same. */
  refuted: boolean;
  /** Milliseconds that those who were answered alike were told to wait, 0 without a word; null while it is closed. */
  askedForMs: number | null;
  /** Grows with each change. */
  version: number;
}

const row = `p.breaker AS state, p.reason, extract(epoch FROM p.retry_at)::float8 * 1000 AS "retryAt",
      p.probe_owner AS "probeOwner", p.failed_probes AS "failedProbes",
      extract(epoch FROM p.paused_for)::float8 * 1000 AS "askedForMs", p.version, p.refuted`;

const find: Statement = {
  name: 'find-breaker',
  text: `SELECT ${row} FROM providers p WHERE p.id = $1`,
};

/** Reads the breaker; throws when there is no such provider. */
export async function findBreaker(sql: SqlExecutor, providerId: number): Promise<BreakerRow> {
  const [breaker] = await sql.query<BreakerRow>(find, [providerId]);
  if (!breaker) throw new Error(`There is no provider ${providerId}`);
  return breaker;
}

const open: Statement = {
  name: 'open-breaker',
  text: `
    UPDATE providers p SET breaker = 'open', reason = $2, opened_at = ems_now(), failed_probes = 0, refuted = false,
      retry_at = ems_now() + make_interval(secs => $3::float8 / 1000),
      paused_for = make_interval(secs => $4::float8 / 1000),
      probe_owner = NULL, probe_until = NULL, version = p.version + 1
    WHERE p.id = $1 AND p.breaker = 'closed'
    RETURNING ${row}`,
};

/** Why sending stops, and for how long. */
export interface Pause<Reason = string> {
  reason: Reason;
  /** Milliseconds until the next probe. */
  retryInMs: number;
  /** Milliseconds that those who were answered alike were told to wait; 0 without a word. */
  askedForMs?: number;
}

/** Opens a closed breaker; undefined when another dispatcher was first. */
export async function openBreaker(
  sql: SqlExecutor,
  providerId: number,
  { reason, retryInMs, askedForMs = 0 }: Pause,
): Promise<BreakerRow | undefined> {
  return (await sql.query<BreakerRow>(open, [providerId, reason, retryInMs, askedForMs]))[0];
}

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
        WHERE m.started_at IS NOT NULL AND m.finished_at IS NULL AND m.status = 'running'
          AND m.end_at > clock.now)
    RETURNING ${row}, extract(epoch FROM clock.now - p.opened_at)::float8 * 1000 AS "openForMs"`,
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

const failProbe: Statement = {
  name: 'fail-probe',
  text: `
    UPDATE providers p SET breaker = 'open', reason = coalesce($3, p.reason),
      failed_probes = p.failed_probes + CASE WHEN $3::text IS NULL THEN 0 ELSE 1 END,
      retry_at = ems_now() + make_interval(secs => $4::float8 / 1000),
      paused_for = CASE WHEN $3::text IS NULL THEN p.paused_for ELSE make_interval(secs => $5::float8 / 1000) END,
      probe_owner = NULL, probe_until = NULL, version = p.version + 1
    WHERE p.id = $1 AND p.breaker = 'half_open' AND p.probe_owner = $2::uuid
    RETURNING ${row}`,
};

/** The probe failed for a reason, or could not be made (null): what was asked for before is still so then. */
export async function reopenBreaker(
  sql: SqlExecutor,
  { providerId, owner }: { providerId: number; owner: string },
  { reason, retryInMs, askedForMs = 0 }: Pause<string | null>,
): Promise<BreakerRow | undefined> {
  return (await sql.query<BreakerRow>(failProbe, [providerId, owner, reason, retryInMs, askedForMs]))[0];
}

const close: Statement = {
  name: 'close-breaker',
  text: `
    UPDATE providers p SET breaker = 'closed', reason = NULL, opened_at = NULL, retry_at = NULL, paused_for = NULL,
      failed_probes = 0, refuted = $3, probe_owner = NULL, probe_until = NULL, version = p.version + 1
    WHERE p.id = $1 AND p.breaker = 'half_open' AND p.probe_owner = $2::uuid
    RETURNING ${row}`,
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
