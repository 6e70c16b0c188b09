import { until } from '../../support/until.js';
import type { FaultWorld } from './fault-world.js';

/**
 * Waits until a process of Postgres waits for a lock that `holder` has, and returns its pid. Locks tell who waits for
 * whom; `pg_stat_activity.query` ends after 1,024 bytes, so a word of a long statement may be missing there.
 */
export async function whoWaitsFor(world: FaultWorld, holder: number, what: string): Promise<number> {
  const { pid } = await until(what, async () => {
    const [waiting] = await world.query<{ pid: number }>(
      `SELECT pid FROM pg_locks WHERE NOT granted AND $1::int = ANY (pg_blocking_pids(pid))`,
      [holder],
    );
    return waiting;
  });
  return pid;
}

/** Waits until a process of Postgres is gone, and what it had not committed with it. */
export async function untilGone(world: FaultWorld, pid: number): Promise<void> {
  await until(
    `process ${pid} of Postgres is gone`,
    async () => (await world.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).length === 0,
  );
}
