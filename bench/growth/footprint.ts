import { until } from '../../test/support/until.js';
import type { BenchWorld } from '../world.js';

/** Bytes of write-ahead log that `work` caused, full-page images included. */
export async function walOf(world: BenchWorld, work: () => Promise<void>): Promise<number> {
  const before = await walPosition(world);
  await work();
  return (await walPosition(world)) - before;
}

async function walPosition(world: BenchWorld): Promise<number> {
  const rows = await world.query<{ bytes: number }>(
    `SELECT (pg_current_wal_insert_lsn() - '0/0')::float8 AS bytes`,
  );
  return rows[0]?.bytes ?? NaN;
}

export interface Updates {
  all: number;
  /** Those that touched no index. */
  hot: number;
}

/**
 * How `work` updated messages, `least` of them or more. A connection tells what it did up to ten seconds after
 * its last statement, so that is waited for.
 */
export async function updatesOf(
  world: BenchWorld,
  least: number,
  work: () => Promise<void>,
): Promise<Updates> {
  const before = await updates(world);
  await work();
  const since = async () => {
    const { all, hot } = await updates(world);
    return { all: all - before.all, hot: hot - before.hot };
  };
  await until('the updates are counted', async () => (await since()).all >= least, 30_000, 200);
  return since();
}

async function updates(world: BenchWorld): Promise<Updates> {
  const [row] = await world.query<Updates>(
    `SELECT n_tup_upd::float8 AS "all", n_tup_hot_upd::float8 AS hot
     FROM pg_stat_user_tables WHERE relname = 'messages'`,
  );
  return row ?? { all: NaN, hot: NaN };
}

export interface DiskSpace {
  table: number;
  indexes: number;
}

/** Bytes that messages take on disk. */
export async function diskSpaceOfMessages(world: BenchWorld): Promise<DiskSpace> {
  const [row] = await world.query<DiskSpace>(
    `SELECT pg_table_size('messages')::float8 AS "table", pg_indexes_size('messages')::float8 AS indexes`,
  );
  return row ?? { table: NaN, indexes: NaN };
}
