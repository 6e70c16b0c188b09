import { ConfigError, loadDatabaseUrl } from '#libs/config';
import { runMigrations } from '#libs/database';

try {
  const done = await runMigrations(loadDatabaseUrl());
  process.stdout.write(done.length === 0 ? 'The schema is up to date.\n' : `Migrated: ${done.join(', ')}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
