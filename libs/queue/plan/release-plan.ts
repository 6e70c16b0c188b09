import type { SqlExecutor, Statement } from '#libs/database';
import type { PlanLease } from './lease-plan.js';

const planRelease: Statement = {
  name: 'release-plan',
  text: `UPDATE mailings SET plan_lease_until = NULL WHERE id = $1 AND plan_fence = $2`,
};

/** Gives a mailing's planning back, so that nobody has to wait for the lease to run out. */
export async function releasePlan(sql: SqlExecutor, lease: PlanLease): Promise<void> {
  await sql.query(planRelease, [lease.mailingId, lease.fence]);
}
