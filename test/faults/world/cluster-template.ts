import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { runMigrations, Sql } from '#libs/database';
import { startPostgres } from '#libs/embedded';

const run = promisify(execFile);

/**
 * Written by a trigger in the databases of these tests alone: what the breaker was at which moment, by the real
 * clock, to be held against the requests that arrived. The moment is that of the statement, a little before
 * its commit.
 */
const logBreaker = [
  `CREATE TABLE fault_suite_breaker (
    at timestamptz NOT NULL DEFAULT clock_timestamp(), state text NOT NULL, version bigint NOT NULL)`,
  `CREATE FUNCTION fault_suite_log_breaker() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO fault_suite_breaker (state, version) VALUES (NEW.breaker::text, NEW.version);
      RETURN NULL;
    END $$`,
  `CREATE TRIGGER fault_suite_log_breaker AFTER UPDATE ON providers FOR EACH ROW
    WHEN (OLD.breaker IS DISTINCT FROM NEW.breaker OR OLD.probe_owner IS DISTINCT FROM NEW.probe_owner)
    EXECUTE FUNCTION fault_suite_log_breaker()`,
];

/** A migrated data folder of Postgres, to be copied. */
export interface ClusterTemplate {
  dataDir: string;
  /** The address of a copy that listens on a port. */
  urlOn(port: number): string;
}

/** Makes it, once a run: to copy it takes a moment, to make it some seconds. */
export async function makeTemplate(dataDir: string): Promise<ClusterTemplate> {
  const postgres = await startPostgres({ dataDir });
  try {
    await runMigrations(postgres.url);
    const sql = new Sql({ url: postgres.url, poolSize: 1, applicationName: 'faults' });
    for (const [index, text] of logBreaker.entries()) await sql.query({ name: `log-breaker-${index}`, text });
    await sql.close();
  } finally {
    await postgres.stop();
  }
  return {
    dataDir,
    urlOn: (port) => {
      const url = new URL(postgres.url);
      url.port = String(port);
      return url.href;
    },
  };
}

/** `cp -a`, since Postgres insists on who owns its files. What was there before is gone. */
export async function copyTemplate(template: ClusterTemplate, dataDir: string): Promise<void> {
  await rm(dataDir, { recursive: true, force: true });
  await run('cp', ['-a', template.dataDir, dataDir]);
}
