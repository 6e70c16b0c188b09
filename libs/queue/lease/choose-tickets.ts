import type { SqlExecutor, Statement } from '#libs/database';
import type { Ticket } from '#libs/nats';
import { dueBatches, servingOrder } from './serving-order.js';

/**
 * Tickets are few at a time, so that what is urgent never waits behind a long queue: `depth` counts those
 * that are out and not yet taken up. A ticket that nobody took up in `validMs` is written anew. A mailing with a
 * limit of its own has one ticket at most, which isn't counted: dispatchers that have their fill of it drop it.
 */
const chooseTickets: Statement = {
  name: 'choose-tickets',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), room AS MATERIALIZED (
      SELECT greatest($1::int - count(*), 0)::int AS free
      FROM clock CROSS JOIN batches b JOIN mailings m ON m.id = b.mailing_id AND m.rate_limit IS NULL
      WHERE b.state = 'ready' AND b.ticketed_until IS NOT NULL AND b.ticketed_until > clock.now
    ), candidate AS (${dueBatches({
      guard: '$3',
      recent: '$4',
      waiting: '$6',
      limit: 'CASE WHEN m.rate_limit IS NULL THEN (SELECT free FROM room) ELSE 1 END',
      also: 'AND (b.ticketed_until IS NULL OR b.ticketed_until <= clock.now)',
    })}
      AND (m.rate_limit IS NULL OR NOT EXISTS (
        SELECT FROM batches t WHERE t.mailing_id = m.id AND t.state <> 'done' AND t.state = 'ready'
          AND t.ticketed_until > clock.now))
    ), best AS MATERIALIZED (
      SELECT c.id, row_number() OVER (ORDER BY ${servingOrder('c', '$5')}) AS turn FROM candidate c
      ORDER BY turn
      LIMIT (SELECT free FROM room)
    ), chosen AS MATERIALIZED (
      SELECT id FROM batches
      WHERE id = ANY (ARRAY (SELECT id FROM best)) AND state = 'ready'
        AND (ticketed_until IS NULL OR ticketed_until <= (SELECT now FROM clock))
      FOR NO KEY UPDATE SKIP LOCKED
    ), ticketed AS (
      UPDATE batches b SET ticketed_until = clock.now + make_interval(secs => $2::float8 / 1000)
      FROM clock, providers p
      WHERE b.id = ANY (ARRAY (SELECT id FROM chosen)) AND p.id = b.provider_id AND p.breaker = 'closed'
      RETURNING b.id, b.mailing_id, b.fence, b.due_at
    )
    SELECT t.id AS "batchId", t.mailing_id AS "mailingId", t.fence,
      extract(epoch FROM t.due_at)::float8 * 1000 AS "dueAt"
    FROM ticketed t JOIN best USING (id) ORDER BY best.turn`,
};

/** Chooses the due batches that get a ticket now, and marks them; the most urgent one is first. */
export function takeTickets(
  sql: SqlExecutor,
  options: {
    depth: number;
    validMs: number;
    guardMs: number;
    recentMailings: number[];
    fair: boolean;
    /** As for leasing. */
    waitingMailings: readonly (number | null)[];
  },
): Promise<(Ticket & { mailingId: number })[]> {
  return sql.query(chooseTickets, [
    options.depth,
    options.validMs,
    options.guardMs,
    options.recentMailings,
    options.fair,
    options.waitingMailings,
  ]);
}
