import type { SqlExecutor, Statement } from '#libs/database';
import type { LeaseTerms } from './lease-terms.js';
import { leaseChosen, type LeasedBatch } from './leased-batch.js';
import { dueBatches } from './serving-order.js';

/** Due batches that are looked into for somebody who had no suspicious answer yet: a few pages of messages each. */
const LOOKED_INTO = '200';

/** SQL that orders by chance, so that twice the weight is twice as likely to be first (Efraimidis and Spirakis, 2006). */
const drawn = (weight: string) => `power(random(), 1.0 / greatest(${weight}, 1)) DESC`;

// A probe goes from mailing to mailing, whatever their priority: the trouble may be that of one mailing's recipients.
// It goes to whoever had no suspicious answer yet, and by chance: those who fail together are often neighbours, and
// would come first in every other order. The fewer are left of a batch, the less likely it is: they may be all that.
// As many batches of each mailing are looked into, so that a large one does not leave the others out.
// Where it may end in doubt, mailings that send such a message again go first: each other one would park its message.
// "chosen" asks again what may have changed since the snapshot.
const leaseToProbe: Statement = {
  name: 'lease-batch-to-probe',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), candidate AS MATERIALIZED (
      SELECT due.id, CASE WHEN NOT $5 THEN due.on_ambiguous END AS held_last, coalesce(due.served, 0) AS served,
        row_number() OVER (PARTITION BY due.mailing_id ORDER BY ${drawn('due.size')}) AS nth
      FROM (${dueBatches({ guard: '$3', recent: '$4', waiting: `'{}'`, order: drawn('b.size'), limit: LOOKED_INTO })}
      ) due
      ORDER BY held_last, nth, CASE WHEN NOT $6 THEN coalesce(due.served, 0) END, random()
      LIMIT ${LOOKED_INTO}
    ), looked_into AS MATERIALIZED (
      SELECT c.*, (
        SELECT count(*) FROM messages WHERE batch_id = c.id AND status = 'pending' AND suspicions = 0
      ) AS unsuspected
      FROM candidate c
    ), chosen AS (
      SELECT b.id FROM looked_into c JOIN batches b USING (id) JOIN providers p ON p.id = b.provider_id
      WHERE b.state = 'ready' AND b.due_at <= (SELECT now FROM clock)
        AND p.breaker = 'half_open' AND p.probe_owner = $1::uuid
      ORDER BY c.held_last, CASE WHEN $6 THEN c.unsuspected = 0 END, c.served, c.unsuspected = 0,
        ${drawn('c.unsuspected')}
      LIMIT 1
      FOR NO KEY UPDATE OF b SKIP LOCKED
    )
    ${leaseChosen}`,
};

/** Whom a probe goes to. */
export interface ProbeOrder {
  /** Mailings that were probed with lately, oldest first. */
  recentMailings: number[];
  /** The probe can't end in doubt, so a mailing that would park the message is as good as any. */
  anyone: boolean;
  /** Somebody without a suspicious answer, whatever the mailing; else the mailing not probed with for the longest. */
  unsuspectedFirst: boolean;
}

/**
 * Takes a due batch to probe with; undefined when none is due, or the half-open breaker is not this owner's. A probe
 * needs no slot, so mailings that wait for theirs are probed with as well.
 */
export async function leaseBatchToProbe(
  sql: SqlExecutor,
  terms: Pick<LeaseTerms, 'owner' | 'leaseMs' | 'guardMs'>,
  order: ProbeOrder,
): Promise<LeasedBatch | undefined> {
  const [batch] = await sql.query<LeasedBatch>(leaseToProbe, [
    terms.owner,
    terms.leaseMs,
    terms.guardMs,
    order.recentMailings,
    order.anyone,
    order.unsuspectedFirst,
  ]);
  return batch;
}
