import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  boundServerLog,
  commandLineOf,
  isPortFree,
  openServerLog,
  postgresHome,
  runningPid,
  startNats,
  startOf,
  startPostgres,
  type EmbeddedServer,
} from '#libs/embedded';
import { until } from '../support/until.js';

const isRoot = process.getuid?.() === 0;

let folder: string;
let servers: EmbeddedServer[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ems-embedded-'));
  await chmod(folder, 0o711);
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

describe('embedded servers', () => {
  it('have neither our secrets in their environment nor values in their logs, which are private and bounded', async () => {
    process.env['API_KEYS'] = 'a-key-that-is-ours-alone';
    onTestFinished(() => void delete process.env['API_KEYS']);
    await mkdir(join(folder, 'postgres'), { recursive: true });
    const log = join(folder, 'postgres', 'postgres.log');
    await writeFile(log, 'of an earlier version\n', { mode: 0o644 });
    const server = await postgres();
    expect(await readFile(`/proc/${server.pid}/environ`, 'utf8')).not.toContain('a-key-that-is-ours-alone');
    for (const wrong of [
      "SELECT '79001234567x'::bigint",
      'CREATE TABLE c AS SELECT 79001234567 AS p',
      'SELECT 1/0',
    ]) {
      await query(server.url, wrong).catch(() => undefined);
    }
    await query(server.url, 'ALTER TABLE c ADD UNIQUE (p)');
    await expect(query(server.url, 'INSERT INTO c SELECT p FROM c')).rejects.toThrow('duplicate key');
    await server.kill();
    const written = await readFile(log, 'utf8');
    expect(written).toContain('ready to accept connections');
    expect(written).not.toMatch(/79001234567|ERROR/);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
  });

  it('log on at the end of a log that was cut, and one older file is kept', async () => {
    const log = join(folder, 'server.log');
    const descriptor = openServerLog(log);
    onTestFinished(() => closeSync(descriptor));
    const stop = boundServerLog(log, 10, 10);
    onTestFinished(stop);
    writeSync(descriptor, 'more than ten bytes\n');
    await until('the log is cut', async () => (await stat(log)).size === 0);
    writeSync(descriptor, 'short\n');

    expect(await readFile(log, 'utf8')).toBe('short\n');
    expect(await readFile(`${log}.1`, 'utf8')).toBe('more than ten bytes\n');
    expect((await stat(`${log}.1`)).mode & 0o777).toBe(0o600);
  });
});

describe('embedded Postgres', () => {
  it('keeps what was committed over kill -9 and a start on the same port', async () => {
    const first = await postgres();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.kill();
    const second = await postgres(first.port);

    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('takes the place of one that an earlier run left on the same data', async () => {
    const orphan = await postgres();
    const heir = await postgres();
    await orphan.exited;

    expect(commandLineOf(orphan.pid)).toBeUndefined();
    expect(await query(heir.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is not misled by a pid file whose number belongs to another process by now', async () => {
    const first = await postgres();
    const pidFile = join(folder, 'postgres', 'cluster', 'postmaster.pid');
    const content = await readFile(pidFile, 'utf8');
    await first.kill();
    await writeFile(pidFile, content.replace(/^\d+/, String(process.pid)));
    const second = await postgres();

    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('waits for the processes of one that was killed, which follow a moment later', async () => {
    const first = await postgres();
    const children = await readFile(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8');
    const child = Number.parseInt(children, 10);
    process.kill(child, 'SIGSTOP');
    await first.kill();
    const second = postgres();
    const log = join(folder, 'postgres', 'postgres.log');
    try {
      const tried = async () => (await readFile(log, 'utf8')).includes('pre-existing shared memory block');
      await until('it has tried', tried);
    } finally {
      process.kill(child, 'SIGKILL');
    }

    expect(await query((await second).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('says what Postgres said when it does not start', async () => {
    const first = await postgres();
    await first.stop();
    await writeFile(join(folder, 'postgres', 'cluster', 'postgresql.conf'), 'no_such_setting = 1\n');

    await expect(postgres()).rejects.toThrow(/Postgres did not start[\s\S]*no_such_setting/);
  });

  it('lets nobody in without its password', async () => {
    const { url } = await postgres();
    const guess = new URL(url);
    guess.password = 'postgres';

    await expect(query(guess.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it.runIf(isRoot)('goes to a place outside when its user has no way into a folder of root', async () => {
    const closed = join(folder, 'home');
    await mkdir(closed, { mode: 0o700 });
    const outside = await postgresHome(join(closed, '.data', 'postgres'));

    expect(outside).toMatch(/^\/var\/lib\/event-message-service\/data-[0-9a-f]{12}$/);
    expect(await postgresHome(join(closed, '.data', 'postgres'))).toBe(outside);
    expect(await postgresHome(join(closed, 'other', 'postgres'))).not.toBe(outside);
    await expect(startPostgres({ dataDir: join(closed, 'postgres'), fast: true })).rejects.toThrow(
      'choose another folder',
    );
  });

  it('stays where it was asked for when there is a way', async () => {
    expect(await postgresHome(join(folder, 'postgres'))).toBe(join(folder, 'postgres'));
  });

  it.runIf(isRoot)('runs as a user that is not root', async () => {
    const { pid } = await postgres();
    expect((await stat(`/proc/${pid}`)).uid).not.toBe(0);
  });

  it('runs in a process group of its own, out of reach of the Ctrl-C that ends us', async () => {
    const { pid } = await postgres();
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');

    expect(Number(fields[2])).toBe(pid);
  });
});

describe('embedded NATS', () => {
  it('has JetStream, and keeps its streams over kill -9 and a start on the same port', async () => {
    const first = await nats();
    await withNats(first, async (manager) => {
      await manager.streams.add({ name: 'KEPT', subjects: ['kept.>'] });
    });
    await first.kill();
    const second = await nats(first.port);

    expect(second.url).toBe(first.url);
    expect(await withNats(second, (manager) => manager.streams.names().next())).toEqual(['KEPT']);
  });

  it('takes the place of one that an earlier run left on the same folder', async () => {
    const orphan = await nats();
    const heir = await nats();

    expect(await orphan.exited).not.toBe('');
    expect(commandLineOf(orphan.pid)).toBeUndefined();
    expect(await isPortFree(heir.port)).toBe(false);
  });

  it('says what nats-server said when it does not start', async () => {
    const config = { storeDir: join(folder, 'nats'), configExtra: 'no_such_setting: 1' };
    await expect(startNats(config)).rejects.toThrow(/NATS did not start[\s\S]*no_such_setting/);
  });
});

describe('a pid file', () => {
  let other: ChildProcess;
  beforeEach(() => {
    other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', folder], { stdio: 'ignore' });
  });
  afterEach(() => other.kill('SIGKILL'));

  it('is believed only if the command line holds the proof', async () => {
    await writeFile(join(folder, 'pid'), `${other.pid}\n`);

    expect(runningPid(join(folder, 'pid'), folder)).toBe(other.pid);
    expect(runningPid(join(folder, 'pid'), '/somewhere/else')).toBeUndefined();
  });

  it('is not believed when it is missing, empty, or names nobody', async () => {
    await writeFile(join(folder, 'empty'), '');
    await writeFile(join(folder, 'gone'), '4194305\n');

    for (const name of ['missing', 'empty', 'gone'])
      expect(runningPid(join(folder, name), '')).toBeUndefined();
  });

  it('tells two processes with one number apart by their start', () => {
    expect(startOf(process.pid)).toBe(startOf(process.pid));
    expect(startOf(process.pid)).not.toBe(startOf(other.pid!));
  });
});

describe('a port', () => {
  it('is not free while somebody listens there', async () => {
    const blocker = createServer();
    onTestFinished(() => void blocker.close());
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const address = blocker.address();
    const port = typeof address === 'object' ? address!.port : 0;

    expect(await isPortFree(port)).toBe(false);
    await expect(isPortFree(port, '192.0.2.1')).rejects.toThrow('EADDRNOTAVAIL');
  });

  it('is given to one process only, and only once, though nobody listens there yet', async () => {
    const given = (await Promise.all([portsOfAProcess(300), portsOfAProcess(300)])).flat();

    expect(new Set(given).size).toBe(600);
  });
});

/** What a process of its own is given as free; it lives until the test has ended. */
async function portsOfAProcess(count: number): Promise<number[]> {
  const script = `
    import { freePort } from '#libs/embedded';
    for (let n = 0; n < ${count}; n += 1) console.log(await freePort());
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ports: number[] = [];
  for await (const line of createInterface(child.stdout)) if (ports.push(Number(line)) === count) break;
  return ports;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  // The server is killed while we are connected to it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function withNats<Result>(
  { port }: EmbeddedServer,
  work: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<Result>,
): Promise<Result> {
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  try {
    return await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

async function postgres(port = 0): Promise<EmbeddedServer> {
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), port, fast: true });
  servers.push(server);
  return server;
}

async function nats(port = 0): Promise<EmbeddedServer> {
  const server = await startNats({ storeDir: join(folder, 'nats'), port });
  servers.push(server);
  return server;
}
