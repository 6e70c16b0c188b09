import type { SqlExecutor, Statement } from '#libs/database';
import type { Ticket } from '#libs/nats';
import { dueBatches, servingOrder } from './serving-order.js';

/**
 * Tickets are few at a time, so that what is urgent never waits behind a long queue: `depth` counts those
 * that are out and not yet taken up. A ticket that nobody took up in `validMs` is written anew.
 */
const chooseTickets: Statement = {
  name: 'choose-tickets',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), room AS MATERIALIZED (
      SELECT greatest($1::int - count(*), 0)::int AS free FROM batches, clock
      WHERE state = 'ready' AND ticketed_until IS NOT NULL AND ticketed_until > clock.now
    ), candidate AS (${dueBatches({
      guard: '$3',
      recent: '$4',
      limit: '(SELECT free FROM room)',
      also: 'AND (b.ticketed_until IS NULL OR b.ticketed_until <= clock.now)',
    })}
    ), chosen AS (
      SELECT b.id FROM candidate c JOIN batches b USING (id)
      WHERE b.state = 'ready' AND (b.ticketed_until IS NULL OR b.ticketed_until <= (SELECT now FROM clock))
      ORDER BY ${servingOrder('c', '$5')}
      LIMIT (SELECT free FROM room)
      FOR NO KEY UPDATE OF b SKIP LOCKED
    )
    UPDATE batches b SET ticketed_until = clock.now + make_interval(secs => $2::float8 / 1000)
    FROM chosen, clock, providers p
    WHERE b.id = chosen.id AND p.id = b.provider_id AND p.breaker = 'closed'
    RETURNING b.id AS "batchId", b.mailing_id AS "mailingId", b.fence,
      extract(epoch FROM b.due_at)::float8 * 1000 AS "dueAt"`,
};

/** Chooses the due batches that get a ticket now, best first, and marks them. */
export function takeTickets(
  sql: SqlExecutor,
  options: { depth: number; validMs: number; guardMs: number; recentMailings: number[]; fair: boolean },
): Promise<(Ticket & { mailingId: number })[]> {
  return sql.query(chooseTickets, [
    options.depth,
    options.validMs,
    options.guardMs,
    options.recentMailings,
    options.fair,
  ]);
}
