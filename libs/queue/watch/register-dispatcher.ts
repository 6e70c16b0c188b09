import type { SqlExecutor, Statement } from '#libs/database';
import { COUNTER_SHARDS } from '#libs/queue/transitions';

/**
 * The shard that the fewest living dispatchers use, so that counters rarely meet. Asked again after an
 * answer was lost, it is the one that was given then.
 */
const register: Statement = {
  name: 'register-dispatcher',
  text: `
    INSERT INTO dispatchers (id, shard, host, pid, started_at, heartbeat_at)
    SELECT $1::uuid, shard, $2, $3, ems_now(), ems_now()
    FROM generate_series(0, ${COUNTER_SHARDS - 1}) AS shard
    ORDER BY (SELECT count(*) FROM dispatchers d
      WHERE d.shard = shard.shard AND d.heartbeat_at > ems_now() - interval '1 minute'), shard
    LIMIT 1
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at
    RETURNING shard`,
};

/** Announces a dispatcher and returns the shard of the counters that it writes to. */
export async function registerDispatcher(
  sql: SqlExecutor,
  dispatcher: { id: string; host: string; pid: number },
): Promise<number> {
  const [row] = await sql.query<{ shard: number }>(register, [
    dispatcher.id,
    dispatcher.host,
    dispatcher.pid,
  ]);
  if (!row) throw new Error('No shard could be chosen');
  return row.shard;
}
