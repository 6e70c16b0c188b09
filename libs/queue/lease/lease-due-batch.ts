import type { SqlExecutor, Statement } from '#libs/database';
import type { LeaseTerms } from './lease-terms.js';
import { leaseChosen, type LeasedBatch } from './leased-batch.js';
import { dueBatches, servingOrder } from './serving-order.js';

// "chosen" asks again what may have changed since the snapshot: only what is read under the lock is so.
const leaseDue: Statement = {
  name: 'lease-due-batch',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), candidate AS (
      ${dueBatches({ guard: '$3', recent: '$4', waiting: '$6', limit: '8' })}
        AND ($7::smallint IS NULL OR m.priority > $7)
    ), chosen AS (
      SELECT b.id FROM candidate c JOIN batches b USING (id) JOIN providers p ON p.id = b.provider_id
      WHERE b.state = 'ready' AND b.due_at <= (SELECT now FROM clock) AND p.breaker = 'closed'
      ORDER BY ${servingOrder('c', '$5')}
      LIMIT 1
      FOR NO KEY UPDATE OF b SKIP LOCKED
    )
    ${leaseChosen}`,
};

/** Which batch is next. */
export interface LeaseOrder {
  recentMailings: number[];
  fair: boolean;
  /** Only one of a higher priority than this. */
  above?: number;
}

/** Takes the batch that is next in the serving order, ticket or not. */
export async function leaseDueBatch(
  sql: SqlExecutor,
  terms: LeaseTerms,
  order: LeaseOrder,
): Promise<LeasedBatch | undefined> {
  const [batch] = await sql.query<LeasedBatch>(leaseDue, [
    terms.owner,
    terms.leaseMs,
    terms.guardMs,
    order.recentMailings,
    order.fair,
    terms.waitingMailings,
    order.above,
  ]);
  return batch;
}
