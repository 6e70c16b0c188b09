import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { runMigrations } from '#libs/database';
import { startPostgres } from '#libs/embedded';

const run = promisify(execFile);

/** A Postgres of the test's own with the current schema, which can be frozen: it takes bytes and says nothing. */
export interface FreezablePostgres {
  url: string;
  /** Stops every process of the server. */
  freeze(): Promise<void>;
  thaw(): void;
}

/** Ended and removed with the test. */
export async function freezablePostgres(): Promise<FreezablePostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'ems-frozen-'));
  await run('chmod', ['711', folder]);
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), fast: true });
  let frozen: number[] = [];
  const thaw = () => {
    for (const pid of frozen) process.kill(pid, 'SIGCONT');
    frozen = [];
  };
  onTestFinished(async () => {
    thaw();
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  });
  await runMigrations(server.url);
  const freeze = async () => {
    // The postmaster first, so that it begets nobody meanwhile.
    process.kill(server.pid, 'SIGSTOP');
    frozen = [server.pid];
    const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(server.pid)]);
    for (const pid of stdout
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(Number)) {
      process.kill(pid, 'SIGSTOP');
      frozen.push(pid);
    }
  };
  return { url: server.url, freeze, thaw };
}
