import { type MessageStatus, messageStatuses } from './message-status.js';

/** The largest number of counter rows a mailing has; see `mailing_counters.shard`. */
export const COUNTER_SHARDS = 16;

/**
 * The contract of every statement that moves messages, or adds them. Its CTE `changed` returns these columns of the row
 * `m` of `messages`, and further ones if the statement needs `more`; {@link afterChange} or {@link afterMove} follows.
 * `was` is NULL for a new row. What else has to happen when a message changes hangs on the two, not on the statements.
 */
export function returningChanged({ was, becomes = 'm.status' }: Change, ...more: readonly string[]): string {
  return [
    `RETURNING m.id, m.mailing_id, m.client_id, m.batch_id, ${was} AS was, ${becomes} AS becomes`,
    ...more,
  ].join(', ');
}

/** SQL of the status before and after. */
interface Change {
  was: string;
  becomes?: string;
}

/**
 * SQL of what follows `changed`, within the same statement and so the same transaction: the counters move by what
 * really changed. `shard` is the parameter with the writer's shard. Row 0 counts all mailings together. Rows are taken
 * in order of their mailing, so two writers of one shard queue up instead of deadlocking.
 */
export function afterChange(shard: string): string {
  const deltas = messageStatuses
    .map(
      (status) =>
        `count(*) FILTER (WHERE becomes = '${status}') - count(*) FILTER (WHERE was = '${status}') AS ${status}`,
    )
    .join(',\n        ');
  return addToCounters(messageStatuses, shard, deltas, 'WHERE was IS DISTINCT FROM becomes');
}

/** The same where every row of `changed` moved from one status to one other, which is counted at half the price. */
export function afterMove(shard: string, was: MessageStatus, becomes: MessageStatus): string {
  return addToCounters([was, becomes], shard, '-count(*), count(*)', '');
}

/** `deltas` are those of the `statuses`, in their order, over the rows of `changed` that `where` leaves. */
function addToCounters(
  statuses: readonly MessageStatus[],
  shard: string,
  deltas: string,
  where: string,
): string {
  const sums = statuses
    .map((status) => `${status} = mailing_counters.${status} + excluded.${status}`)
    .join(', ');
  return `counted AS (
      INSERT INTO mailing_counters (mailing_id, shard, ${statuses.join(', ')})
      SELECT coalesce(mailing_id, 0), ${shard}::smallint,
        ${deltas}
      FROM changed ${where}
      GROUP BY GROUPING SETS ((mailing_id), ())
      HAVING count(*) > 0
      ORDER BY 1
      ON CONFLICT (mailing_id, shard) DO UPDATE SET ${sums}
    )`;
}
