import { rmSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { runMigrations } from '#libs/database';
import { startNats, startPostgres, type EmbeddedServer } from '#libs/embedded';
import {
  claimsFolder,
  clearEarlierRuns,
  natsAccountNames,
  natsFolder,
  postgresFolder,
  runFolder,
  templateDatabase,
} from './run-folder.js';

/**
 * One Postgres and one NATS for the whole run, on free ports, in a temporary folder; `services.ts` hands each
 * test file its own database and its own NATS account. Whatever runs on 5432 or 4222 is not touched.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await clearEarlierRuns();
  await mkdir(claimsFolder(runFolder), { recursive: true });
  await chmod(runFolder, 0o711);
  const servers: EmbeddedServer[] = [];
  // vitest leaves at once on Ctrl-C, without teardown: only what is synchronous still happens.
  const endNow = () => {
    for (const { pid } of servers) killIfRunning(pid);
    rmSync(runFolder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  process.once('exit', endNow);
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
    process.off('exit', endNow);
    rmSync(runFolder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  const started = async (starting: Promise<EmbeddedServer>) => {
    const server = await starting;
    servers.push(server);
    return server;
  };

  try {
    const [postgres, nats] = await Promise.all([
      started(startPostgres({ dataDir: postgresFolder(runFolder), fast: true })),
      started(startNats({ storeDir: natsFolder(runFolder), configExtra: accounts() })),
    ]);
    await prepareTemplate(postgres.url);
    project.provide('services', { postgresUrl: postgres.url, natsPort: nats.port, runFolder });
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

function accounts(): string {
  const lines = natsAccountNames.map(
    (name) => `  ${name}: { jetstream: enabled, users: [{ user: ${name}, password: ${name} }] }`,
  );
  return ['accounts {', ...lines, '}'].join('\n');
}

/** Migrated once; every test database is a copy of it. Nobody may connect to it, or copying would fail. */
async function prepareTemplate(postgresUrl: string): Promise<void> {
  const admin = new Client({ connectionString: postgresUrl });
  await admin.connect();
  try {
    await admin.query(`CREATE DATABASE ${templateDatabase}`);
    await runMigrations(new URL(`/${templateDatabase}`, postgresUrl).href);
    await admin.query(`ALTER DATABASE ${templateDatabase} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true`);
  } finally {
    await admin.end();
  }
}

function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    services: { postgresUrl: string; natsPort: number; runFolder: string };
  }
}
