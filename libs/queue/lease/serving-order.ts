import { inTime, sending } from '#libs/mailings/status';

/**
 * SQL of the batches that may be sent now, each with what the serving order needs. Parameters: `guard` the
 * send guard in milliseconds, `recent` the mailings served lately (oldest first), `fair` which of the two
 * orders is meant, `limit` how many to look at per mailing and `order` in which order, `waiting` the mailings that wait for slots.
 *
 * Higher priority goes first. Within a priority, leases alternate between the earliest deadline, so that
 * nothing expires that need not, and the mailing served least recently, so that a small mailing is not stuck
 * behind ten million messages of another.
 */
export function dueBatches(parameters: {
  guard: string;
  recent: string;
  waiting: string;
  limit: string;
  order?: string;
  also?: string;
}): string {
  return `
      SELECT b.id, b.size, m.id AS mailing_id, m.priority, m.on_ambiguous, least(b.not_after, m.end_at) AS deadline,
        array_position(${parameters.recent}::bigint[], m.id) AS served
      FROM clock CROSS JOIN mailings m CROSS JOIN LATERAL (
        SELECT b.id, b.size, b.not_after FROM batches b
        WHERE b.mailing_id = m.id AND b.state <> 'done' AND b.state = 'ready'
          AND b.due_at <= clock.now
          AND ${inTime('b.not_after', parameters.guard)}
          ${parameters.also ?? ''}
        ORDER BY ${parameters.order ?? 'b.not_after, b.due_at'}
        LIMIT ${parameters.limit}
      ) b
      WHERE ${sending} AND ${inTime('m.end_at', parameters.guard)}
        AND ${withoutWaiting(parameters.waiting)}`;
}

/**
 * SQL that leaves out the mailings `waiting`, of which there is a batch already that waits for slots: another one
 * would wait as well, in the place of a mailing that could send. A null among them leaves out all that have a
 * limit of their own.
 */
export function withoutWaiting(waiting: string): string {
  return `(m.rate_limit IS NULL OR m.id <> ALL (${waiting}::bigint[]))`;
}

/** ORDER BY for {@link dueBatches}; `fair` is the parameter that tells which of the two orders is meant. */
export function servingOrder(candidate: string, fair: string): string {
  return `${candidate}.priority DESC, CASE WHEN ${fair} THEN coalesce(${candidate}.served, 0) END,
        ${candidate}.deadline, ${candidate}.id`;
}
