import type { SqlExecutor, Statement } from '#libs/database';
import type { Audience } from '#libs/mailings';

/** A mailing that this dispatcher may plan until `plan_lease_until`, guarded by `fence`. */
export interface PlanLease {
  mailingId: number;
  fence: number;
  priority: number;
  audience: Audience;
}

/**
 * A mailing is planned once its start has come, while it runs; a paused one only after its end, so that each
 * matching client's message still gets its final status. The clients are those known at the first page.
 */
const planLease: Statement = {
  name: 'lease-plan',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), due AS (
      SELECT m.id FROM mailings m, clock
      WHERE m.planned_at IS NULL AND m.status <> 'cancelled' AND m.deleted_at IS NULL
        AND m.start_at <= clock.now
        AND (m.status IN ('scheduled', 'running') OR m.end_at <= clock.now)
        AND (m.plan_lease_until IS NULL OR m.plan_lease_until <= clock.now)
      ORDER BY m.priority DESC, m.start_at
      LIMIT 1
      FOR NO KEY UPDATE OF m SKIP LOCKED
    )
    UPDATE mailings m SET
      status = CASE WHEN m.status = 'scheduled' THEN 'running' ELSE m.status END,
      started_at = coalesce(m.started_at, clock.now),
      plan_upto = coalesce(m.plan_upto, (SELECT coalesce(max(id), 0) FROM clients)),
      plan_fence = m.plan_fence + 1,
      plan_lease_until = clock.now + make_interval(secs => $1::float8 / 1000)
    FROM due, clock
    WHERE m.id = due.id
    RETURNING m.id AS "mailingId", m.plan_fence AS fence, m.priority, m.audience`,
};

/** Takes one mailing that waits to be planned, for `leaseMs`; undefined if there is none. */
export async function leasePlan(sql: SqlExecutor, leaseMs: number): Promise<PlanLease | undefined> {
  const [lease] = await sql.query<PlanLease>(planLease, [leaseMs]);
  return lease;
}
