import type { SqlExecutor, Statement } from '#libs/database';

/** What a dispatcher must know about a mailing that was paused, resumed, cancelled or given another end. */
export interface ControlChange {
  mailingId: number;
  version: number;
  /** Nothing more of it may leave. */
  stopped: boolean;
  /** Epoch milliseconds. */
  endAt: number;
}

// A start has no version of its own. What is scheduled has nothing that could leave, and must not be called stopped: it
// would stay so for its first minute.
const columns = `id AS "mailingId", control_version AS version,
      status NOT IN ('scheduled', 'running') OR deleted_at IS NOT NULL AS stopped,
      extract(epoch FROM end_at)::float8 * 1000 AS "endAt"`;

// A minute back rather than "newer than the last version seen": versions are taken before they commit. The clock
// is read in a query of its own: a volatile function's value can't be looked up in an index.
const recent: Statement = {
  name: 'recent-control-changes',
  text: `SELECT ${columns} FROM mailings
    WHERE control_at IS NOT NULL AND control_at > (SELECT ems_now()) - interval '1 minute'`,
};

/** The changes of the last minute. */
export function findRecentControlChanges(sql: SqlExecutor): Promise<ControlChange[]> {
  return sql.query(recent);
}

const ofMailings: Statement = {
  name: 'control-changes-of-mailings',
  text: `SELECT ${columns} FROM mailings WHERE id = ANY ($1::bigint[])`,
};

/** What is so now of the mailings, whenever they were changed last. */
export function findControlChanges(
  sql: SqlExecutor,
  mailingIds: readonly number[],
): Promise<ControlChange[]> {
  return sql.query(ofMailings, [mailingIds]);
}
