import type { SqlExecutor, Statement } from '#libs/database';
import { inTime, maySend } from '#libs/mailings/status';
import type { LeaseKey, LeaseTerms } from './lease-terms.js';
import { leaseChanges, type LeasedBatch, leasedColumns } from './leased-batch.js';
import { withoutWaiting } from './serving-order.js';

const leaseTicketed: Statement = {
  name: 'lease-ticketed-batch',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now)
    UPDATE batches b SET ${leaseChanges}
    FROM clock, mailings m, providers p
    WHERE b.id = $4 AND b.fence = $5 AND b.state = 'ready' AND b.due_at <= clock.now
      AND ${inTime('b.not_after', '$3')}
      AND m.id = b.mailing_id AND ${maySend} AND ${inTime('m.end_at', '$3')}
      AND p.id = b.provider_id AND p.breaker = 'closed'
      AND ${withoutWaiting('$6')}
    ${leasedColumns}`,
};

/** Takes the batch that a ticket names, if it still waits under that fence, is due and may be sent. */
export async function leaseTicketedBatch(
  sql: SqlExecutor,
  terms: LeaseTerms,
  key: LeaseKey,
): Promise<LeasedBatch | undefined> {
  const [batch] = await sql.query<LeasedBatch>(leaseTicketed, [
    terms.owner,
    terms.leaseMs,
    terms.guardMs,
    key.id,
    key.fence,
    terms.waitingMailings,
  ]);
  return batch;
}
