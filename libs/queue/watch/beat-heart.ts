import type { SqlExecutor, Statement } from '#libs/database';
import { forgetConfirmations } from './unregister-dispatcher.js';

const heartbeat: Statement = {
  name: 'heartbeat',
  text: `
    WITH beat AS (
      INSERT INTO dispatchers (id, shard, host, pid, started_at, heartbeat_at)
      VALUES ($1::uuid, $4, $2, $3, ems_now(), ems_now())
      ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at,
        steady_since = CASE
          WHEN dispatchers.heartbeat_at < excluded.heartbeat_at - make_interval(secs => $5::float8 / 2000)
          THEN excluded.heartbeat_at ELSE dispatchers.steady_since END
    ), forgotten AS (
      DELETE FROM dispatchers WHERE heartbeat_at < ems_now() - interval '1 day' AND id <> $1::uuid
      RETURNING id
    )
    SELECT extract(epoch FROM ems_now())::float8 * 1000 AS now, ARRAY (SELECT id FROM forgotten) AS forgotten`,
};

/**
 * Says that the dispatcher lives, and returns the database's clock in epoch milliseconds. A gap of more than
 * half of `silenceMs` makes it begin anew to be steady. Who was silent for a day is forgotten, with what it
 * confirmed.
 */
export async function beatHeart(
  sql: SqlExecutor,
  dispatcher: { id: string; host: string; pid: number; shard: number },
  silenceMs: number,
): Promise<number> {
  const [row] = await sql.query<{ now: number; forgotten: string[] }>(heartbeat, [
    dispatcher.id,
    dispatcher.host,
    dispatcher.pid,
    dispatcher.shard,
    silenceMs,
  ]);
  if (row && row.forgotten.length > 0) await sql.query(forgetConfirmations, [row.forgotten]);
  return row?.now ?? Number.NaN;
}
