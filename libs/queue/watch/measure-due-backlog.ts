import type { SqlExecutor, Statement } from '#libs/database';
import { sending } from '#libs/mailings/status';

/** What waits although it is due. */
export interface DueBacklog {
  batches: number;
  messages: number;
  /** Seconds since the oldest became due; 0 when nothing is. */
  oldestSeconds: number;
}

// What is due is looked for in each mailing's part of the index, so that what waits for later is not read.
const backlog: Statement = {
  name: 'due-backlog',
  text: `
    SELECT count(b.id)::int AS batches, coalesce(sum(b.size), 0)::int AS messages,
      coalesce(extract(epoch FROM clock.now - min(b.due_at)), 0)::float8 AS "oldestSeconds"
    FROM (SELECT ems_now() AS now OFFSET 0) AS clock
    LEFT JOIN LATERAL (
      SELECT due.* FROM mailings m CROSS JOIN LATERAL (
        SELECT id, size, due_at FROM batches
        WHERE mailing_id = m.id AND state <> 'done' AND state = 'ready' AND due_at <= clock.now
        OFFSET 0
      ) AS due
      WHERE ${sending}
    ) AS b ON true
    GROUP BY clock.now`,
};

/** Measures the backlog of all running mailings; reads open batches only, never messages. */
export async function measureDueBacklog(sql: SqlExecutor): Promise<DueBacklog> {
  const [row] = await sql.query<DueBacklog>(backlog);
  return row ?? { batches: 0, messages: 0, oldestSeconds: 0 };
}
