import type { SqlExecutor, Statement } from '#libs/database';
import { COUNTER_SHARDS } from './counter-changes.js';

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

/** Reads the whole table, so it is asked only when a dispatcher has gone. */
const forgetConfirmations: Statement = {
  name: 'forget-confirmations',
  text: `DELETE FROM control_confirmations WHERE dispatcher_id = ANY ($1::uuid[])`,
};

const unregister: Statement = {
  name: 'unregister-dispatcher',
  text: `DELETE FROM dispatchers WHERE id = $1::uuid`,
};

/** Takes the dispatcher off the list once it has released everything. */
export async function unregisterDispatcher(sql: SqlExecutor, id: string): Promise<void> {
  await sql.query(unregister, [id]);
  await sql.query(forgetConfirmations, [[id]]);
}
