import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { cleanEnvironment } from './clean-environment.js';
import { errorCode } from './error-code.js';
import { freePort } from './free-port.js';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { commandLineOf, pidIn, runningPid, stopPid } from './process-identity.js';
import { spawnServer, waitUntilReady, type EmbeddedServer, type ServerCommand } from './server-process.js';
import { canReach, unprivilegedAccount, type Account } from './unprivileged-account.js';

const run = promisify(execFile);

export interface PostgresOptions {
  /** Created if missing; holds `cluster/`, the password and the log. */
  readonly dataDir: string;
  /** On 127.0.0.1; a free one if absent or 0. */
  readonly port?: number;
  /** For tests: data survives the end of the process, not the end of the machine. */
  readonly fast?: boolean;
}

const user = 'ems';
const database = 'ems';
const startPatienceMs = 120_000;
const portAttempts = 3;
/** Milliseconds that the processes of a killed server may take to notice its end and follow. */
const leftoverPatienceMs = 10_000;

/**
 * Starts PostgreSQL on this data folder, which is initialised at the first time, and returns when it answers;
 * `url` leads to a database named `ems`. One that an earlier run left behind on the same folder is stopped
 * first. Throws with the end of the server's log when it does not start.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedServer> {
  const dataDir = resolve(options.dataDir);
  const cluster = join(dataDir, 'cluster');
  const account = await unprivilegedAccount(cluster);
  const binaries = await postgresBinaries(account);
  await prepareFolder(dataDir, account);
  await stopLeftoverPostgres(dataDir);
  const password = await passwordIn(dataDir, account);
  if (!existsSync(join(cluster, 'PG_VERSION')))
    await initialise(binaries, dataDir, options.fast ?? false, account);

  const leftoversGoneBy = performance.now() + leftoverPatienceMs;
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port || (await freePort());
    const server: ServerCommand = {
      name: 'Postgres',
      command: binaries.postgres,
      args: serverArguments(cluster, port, options.fast ?? false),
      logFile: join(dataDir, 'postgres.log'),
      stopSignal: 'SIGINT',
      account,
    };
    const running = spawnServer(server);
    const urlOf = (name: string) => `postgres://${user}:${password}@127.0.0.1:${port}/${name}`;
    try {
      await waitUntilReady(server, running, () => answers(urlOf('postgres')), startPatienceMs);
      await createDatabase(urlOf('postgres'));
      return { ...running, port, url: urlOf(database) };
    } catch (error) {
      const portWasTaken = !options.port && /Address already in use/.test(String(error));
      if (portWasTaken && attempt < portAttempts) continue;
      const hasLeftovers = /pre-existing shared memory block/.test(String(error));
      if (!hasLeftovers || performance.now() > leftoversGoneBy) throw error;
      await pause(100);
    }
  }
}

/** Stops a Postgres that runs on this data folder, whoever started it. Does nothing if there is none. */
export async function stopLeftoverPostgres(dataDir: string): Promise<void> {
  const cluster = join(resolve(dataDir), 'cluster');
  const pidFile = join(cluster, 'postmaster.pid');
  const proof = `-D ${cluster} `;
  const leftover = runningPid(pidFile, proof);
  if (leftover !== undefined) {
    await stopPid(leftover, proof, [
      ['SIGINT', 20_000],
      ['SIGQUIT', 5_000],
      ['SIGKILL', 5_000],
    ]);
    return;
  }
  const stranger = pidIn(pidFile);
  // Postgres would take any process with this number, alive after a reboot, for another server on this data.
  if (stranger !== undefined && commandLineOf(stranger) !== undefined) await rm(pidFile);
}

/** Others may pass through, as the server's own user must, but not look around. */
async function prepareFolder(dataDir: string, account: Account | undefined): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  if (account === undefined) return;
  await chmod(dataDir, 0o711);
  if (await canReach(join(dataDir, 'cluster'), account)) return;
  throw new Error(
    `Postgres can't run as root, and the user it runs as (uid ${account.uid}) has no way to ${dataDir}: choose another folder.`,
  );
}

/** The file with the password of the Postgres on this data folder, readable by the user that it runs as. */
export function postgresPasswordFile(dataDir: string): string {
  return join(dataDir, 'password');
}

/** Each cluster has a random password of its own: a loopback port is open to every user of the machine. */
async function passwordIn(dataDir: string, account: Account | undefined): Promise<string> {
  const file = postgresPasswordFile(dataDir);
  if (!existsSync(file)) {
    await writeFile(file, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 });
    if (account !== undefined) await chown(file, account.uid, account.gid);
  }
  return (await readFile(file, 'utf8')).trim();
}

/** Done beside and then renamed, so that an initialisation that was cut off is simply repeated. */
async function initialise(
  binaries: PostgresBinaries,
  dataDir: string,
  fast: boolean,
  account: Account | undefined,
): Promise<void> {
  const partial = join(dataDir, 'cluster.partial');
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o700 });
  if (account !== undefined) await chown(partial, account.uid, account.gid);
  const flags = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${user}`];
  if (fast) flags.push('--no-sync');
  const files = [`--pwfile=${postgresPasswordFile(dataDir)}`, `--pgdata=${partial}`];
  await run(binaries.initdb, [...flags, ...files], { ...account, cwd: '/', env: cleanEnvironment() });
  await rename(partial, join(dataDir, 'cluster'));
}

/**
 * Errors of statements quote values, so phones, in their words, details and parameters. Whoever made the statement is
 * told of them and logs them masked; the server's own log keeps to what happens to the server.
 */
const QUIET = [
  'log_min_messages=log',
  'log_error_verbosity=terse',
  'log_min_error_statement=panic',
  'log_parameter_max_length=0',
  'log_parameter_max_length_on_error=0',
];

function serverArguments(cluster: string, port: number, fast: boolean): string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'timezone=UTC',
    'log_timezone=UTC',
    ...QUIET,
    'max_connections=200',
    'shared_buffers=256MB',
    'max_wal_size=2GB',
    ...(fast ? ['fsync=off', 'full_page_writes=off'] : []),
  ];
  return ['-D', cluster, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    return true;
  } catch (error) {
    // Anything that time does not heal, such as a password that is not the cluster's, must not be waited for.
    if (errorCode(error)?.startsWith('28')) throw error;
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}
