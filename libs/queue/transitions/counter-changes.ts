import { type MessageStatus, messageStatuses } from './message-status.js';

/** The largest number of counter rows a mailing has; see `mailing_counters.shard`. */
export const COUNTER_SHARDS = 16;

/**
 * SQL of a data-modifying CTE that adds what really changed to the counters, within the same statement and
 * so the same transaction. `changed` names a CTE with the columns `mailing_id`, `was` (NULL for a new row)
 * and `becomes`; `shard` is the parameter with the writer's shard. Row 0 counts all mailings together. Rows
 * are taken in order of their mailing, so two writers of one shard queue up instead of deadlocking.
 */
export function countChanges(changed: string, shard: string): string {
  const deltas = messageStatuses
    .map(
      (status) =>
        `count(*) FILTER (WHERE becomes = '${status}') - count(*) FILTER (WHERE was = '${status}') AS ${status}`,
    )
    .join(',\n        ');
  return addToCounters(messageStatuses, shard, deltas, `${changed} WHERE was IS DISTINCT FROM becomes`);
}

/** The same where every row of `changed` (a query's name with `mailing_id`) moved from one status to one other. */
export function countMoves(
  changed: string,
  shard: string,
  was: MessageStatus,
  becomes: MessageStatus,
): string {
  return addToCounters([was, becomes], shard, '-count(*), count(*)', changed);
}

/** `deltas` are those of the `statuses`, in their order, over the rows that `source` names. */
function addToCounters(
  statuses: readonly MessageStatus[],
  shard: string,
  deltas: string,
  source: string,
): string {
  const sums = statuses
    .map((status) => `${status} = mailing_counters.${status} + excluded.${status}`)
    .join(', ');
  return `INSERT INTO mailing_counters (mailing_id, shard, ${statuses.join(', ')})
      SELECT coalesce(mailing_id, 0), ${shard}::smallint,
        ${deltas}
      FROM ${source}
      GROUP BY GROUPING SETS ((mailing_id), ())
      HAVING count(*) > 0
      ORDER BY 1
      ON CONFLICT (mailing_id, shard) DO UPDATE SET ${sums}`;
}
