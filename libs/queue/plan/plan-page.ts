import { type Sql, sqlState, type Statement } from '#libs/database';
import { DEFAULT_PROVIDER } from '#libs/providers/breaker';
import { afterChange, returningChanged } from '#libs/queue/transitions';
import { audienceFilter } from './audience-filter.js';
import { BATCH_SIZE } from './batch-size.js';
import type { PlanLease } from './lease-plan.js';
import { enterPlanning } from './planning-lock.js';

export interface PlannedPage {
  /** Clients that got their message in this page. */
  messages: number;
  /** Of them, those whose window can't open before the end, or for whom it is too late. */
  expired: number;
  batches: number;
  /** The last page was written, or the lease was lost: nothing more to do under this lease. */
  finished: boolean;
}

interface PlannedRow {
  messages: number;
  expired: number;
  batches: number;
  done: boolean;
}

export interface PageTerms {
  size: number;
  guardMs: number;
  leaseMs: number;
  shard: number;
}

/**
 * Where the page begins and the plan ends. Kept from others until the page is written, so that both can be handed
 * to its statement as values; and that is planned for them anew. Without knowing them Postgres takes the clients in
 * between for a few thousand and walks through all of them, which for one tag among a million clients took half a
 * second instead of a millisecond.
 */
const lockPlan: Statement = {
  name: 'lock-plan',
  text: `
    SELECT plan_cursor AS after, plan_upto AS upto, set_config('plan_cache_mode', 'force_custom_plan', true)
    FROM mailings WHERE id = $1 AND plan_fence = $2 AND planned_at IS NULL
    FOR NO KEY UPDATE`,
};

const nothing: PlannedRow = { messages: 0, expired: 0, batches: 0, done: true };

const skipKnownClients = 'ON CONFLICT ON CONSTRAINT messages_once_per_client DO NOTHING';

const UNIQUE_VIOLATION = '23505';

/**
 * Writes the next page of a mailing's messages, in client order and all in one statement: due time once per
 * distinct time zone, batches of one zone each, messages, counters, and the cursor it resumes from. A crash
 * inside leaves nothing behind. The unique constraint stands behind the cursor: no client twice. The cursor
 * meets nobody again, so the page is first written without asking for each client whether it has a message,
 * which would take a fifth of the time; only one that did hit the constraint is written again and skips them.
 */
export async function planPage(sql: Sql, lease: PlanLease, page: PageTerms): Promise<PlannedPage> {
  try {
    return await writePage(sql, lease, page, '');
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    return writePage(sql, lease, page, skipKnownClients);
  }
}

async function writePage(
  sql: Sql,
  lease: PlanLease,
  page: PageTerms,
  onConflict: string,
): Promise<PlannedPage> {
  const filter = audienceFilter(lease.audience, 10);
  const statement = {
    name: `plan-page-${filter.shape}${onConflict && '-anew'}`,
    text: planPageText(filter.condition, onConflict),
  };
  const [planned = nothing] = await sql.transaction(async (transaction) => {
    await enterPlanning(transaction);
    const key = [lease.mailingId, lease.fence];
    const [bounds] = await transaction.query<{ after: number; upto: number }>(lockPlan, key);
    if (!bounds) return [];
    return transaction.query<PlannedRow>(statement, [
      lease.mailingId,
      lease.fence,
      page.size,
      page.guardMs,
      page.leaseMs,
      page.shard,
      DEFAULT_PROVIDER,
      bounds.after,
      bounds.upto,
      ...filter.values,
    ]);
  });
  return {
    messages: planned.messages,
    expired: planned.expired,
    batches: planned.batches,
    finished: planned.done,
  };
}

function planPageText(audienceCondition: string, onConflict: string): string {
  return `
    WITH mailing AS MATERIALIZED (
      SELECT id, end_at, window_from, window_to, ems_now() AS now,
        make_interval(secs => $4::float8 / 1000) AS guard
      FROM mailings
      WHERE id = $1 AND plan_fence = $2 AND planned_at IS NULL AND deleted_at IS NULL
        AND (status = 'running' OR (status = 'paused' AND end_at <= ems_now()))
      FOR NO KEY UPDATE
    ), page AS MATERIALIZED (
      SELECT c.id, c.phone, CASE WHEN g.window_from IS NULL THEN '' ELSE c.timezone END AS zone
      FROM clients c CROSS JOIN mailing g
      WHERE c.id > $8 AND c.id <= $9 AND ${audienceCondition}
      ORDER BY c.id
      LIMIT $3
    ), zone_window AS MATERIALIZED (
      SELECT z.zone, coalesce(w.opens_at, '-infinity') AS opens_at, coalesce(w.closes_at, 'infinity') AS closes_at,
        greatest(coalesce(w.opens_at, g.now), g.now) + g.guard >= g.end_at
          OR (z.zone <> '' AND w.opens_at IS NULL) AS too_late
      FROM (SELECT DISTINCT zone FROM page) z
      CROSS JOIN mailing g
      LEFT JOIN LATERAL ems_next_window(z.zone, g.window_from, g.window_to, g.now + g.guard) w ON z.zone <> ''
    ), numbered AS MATERIALIZED (
      SELECT id, phone, zone, row_number() OVER (PARTITION BY zone ORDER BY id) - 1 AS nth FROM page
    ), placed AS MATERIALIZED (
      SELECT id, phone, zone,
        max(CASE WHEN nth % ${BATCH_SIZE} = 0 THEN nextval(pg_get_serial_sequence('batches', 'id')) END)
          OVER (PARTITION BY zone, nth / ${BATCH_SIZE}) AS batch_id
      FROM numbered
    ), batch AS MATERIALIZED (
      SELECT batch_id AS id, zone, count(*) AS size FROM placed GROUP BY batch_id, zone
    ), made_batches AS (
      INSERT INTO batches (id, mailing_id, provider_id, state, size, timezone, not_before, not_after, due_at)
      SELECT b.id, g.id, $7, CASE WHEN w.too_late THEN 'done' ELSE 'ready' END::batch_state, b.size,
        nullif(b.zone, ''), w.opens_at, w.closes_at, greatest(w.opens_at, g.now)
      FROM batch b JOIN zone_window w USING (zone) CROSS JOIN mailing g
    ), changed AS (
      INSERT INTO messages AS m (mailing_id, client_id, batch_id, phone, status, last_error)
      SELECT g.id, p.id, p.batch_id, p.phone,
        CASE WHEN w.too_late THEN 'expired' ELSE 'pending' END::message_status,
        CASE WHEN NOT w.too_late THEN NULL WHEN p.zone = '' THEN 'the mailing was over when it was planned'
          ELSE 'its local window did not open before the mailing''s end' END
      FROM placed p JOIN zone_window w USING (zone) CROSS JOIN mailing g
      ORDER BY p.batch_id, p.id
      ${onConflict}
      ${returningChanged({ was: 'NULL::message_status' })}
    ), ${afterChange('$6')}
    UPDATE mailings m SET
      plan_cursor = coalesce((SELECT max(id) FROM page), m.plan_cursor),
      planned_at = CASE WHEN (SELECT count(*) FROM page) < $3 THEN g.now END,
      plan_lease_until = g.now + make_interval(secs => $5::float8 / 1000)
    FROM mailing g
    WHERE m.id = g.id
    RETURNING (SELECT count(*) FROM changed)::int AS messages,
      (SELECT count(*) FROM changed WHERE becomes = 'expired')::int AS expired,
      (SELECT count(*) FROM batch)::int AS batches, m.planned_at IS NOT NULL AS done`;
}
