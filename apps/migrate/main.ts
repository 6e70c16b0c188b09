import { ConfigError, loadDatabaseUrl, unusableDatabase } from '#libs/config';
import { runMigrations } from '#libs/database';

try {
  const databaseUrl = loadDatabaseUrl();
  const done = await runMigrations(databaseUrl).catch((error: unknown) => {
    throw unusableDatabase(databaseUrl, error);
  });
  process.stdout.write(done.length === 0 ? 'The schema is up to date.\n' : `Migrated: ${done.join(', ')}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
