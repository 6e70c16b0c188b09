import type { SqlExecutor, Statement } from '#libs/database';
import { inTime, sending } from '#libs/mailings/status';
import { withoutWaiting } from './serving-order.js';

const findOutranking: Statement = {
  name: 'find-outranking',
  text: `
    SELECT EXISTS (
      SELECT FROM (SELECT ems_now() AS now) AS clock
      CROSS JOIN batches ticketed JOIN mailings t ON t.id = ticketed.mailing_id
      JOIN mailings m ON ${sending} AND m.priority > t.priority
        AND ${inTime('m.end_at', '$2')}
        AND ${withoutWaiting('$3')}
      CROSS JOIN LATERAL (
        SELECT FROM batches b JOIN providers p ON p.id = b.provider_id AND p.breaker = 'closed'
        WHERE b.mailing_id = m.id AND b.state <> 'done' AND b.state = 'ready' AND b.due_at <= clock.now
          AND ${inTime('b.not_after', '$2')}
        LIMIT 1
      ) AS waiting
      WHERE ticketed.id = $1
    ) AS outranked`,
};

/**
 * Whether a batch of a higher priority than a ticket's waits to be sent. Tickets come in the order in which they
 * were written: without asking, what is urgent would wait for all that were out when it came.
 */
export async function isOutranked(
  sql: SqlExecutor,
  batchId: number,
  terms: { guardMs: number; waitingMailings: readonly (number | null)[] },
): Promise<boolean> {
  const [row] = await sql.query<{ outranked: boolean }>(findOutranking, [
    batchId,
    terms.guardMs,
    terms.waitingMailings,
  ]);
  return row?.outranked ?? false;
}
