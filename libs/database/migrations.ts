import { DataSource, type DataSourceOptions } from 'typeorm';
import { migrations } from '#migrations';
import type { SqlExecutor, Statement } from './sql-executor.js';

/** TypeORM's connection options for a database address; entities are added by whoever needs them. */
export function typeOrmOptions(url: string): DataSourceOptions & { type: 'postgres' } {
  return {
    type: 'postgres',
    url,
    migrations,
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    parseInt8: true,
    synchronize: false,
    connectTimeoutMS: 5_000,
  };
}

/** The key of the advisory lock that keeps two migrating processes apart: "EMS" in ASCII. */
const MIGRATION_LOCK = 0x45_4d_53;

/**
 * Brings a database up to the newest schema; safe to run from several processes at once and when there is
 * nothing to do. Returns the names of what ran.
 */
export async function runMigrations(databaseUrl: string): Promise<string[]> {
  return withMigrator(databaseUrl, async (dataSource) => {
    const done = await dataSource.runMigrations();
    await dataSource.query('SELECT ems_refresh_time_zones()');
    return done.map((migration) => migration.name);
  });
}

/** Takes back the newest `steps` migrations. */
export async function revertMigrations(databaseUrl: string, steps: number): Promise<void> {
  await withMigrator(databaseUrl, async (dataSource) => {
    for (let step = 0; step < steps; step += 1) await dataSource.undoLastMigration();
  });
}

const applied: Statement = { name: 'applied-migrations', text: 'SELECT name FROM schema_migrations' };

/** The names of the migrations that a database lacks. Throws 42P01 when it was never migrated. */
export async function missingMigrations(sql: SqlExecutor): Promise<string[]> {
  const done = new Set((await sql.query<{ name: string }>(applied)).map(({ name }) => name));
  return migrations.map(({ name }) => name).filter((name) => !done.has(name));
}

async function withMigrator<Result>(
  databaseUrl: string,
  work: (dataSource: DataSource) => Promise<Result>,
): Promise<Result> {
  const dataSource = await new DataSource(typeOrmOptions(databaseUrl)).initialize();
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await work(dataSource);
  } finally {
    await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => {});
    await lock.release();
    await dataSource.destroy();
  }
}
