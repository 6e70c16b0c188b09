import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runMigrations } from '#libs/database';
import { freePort, startPostgres, type EmbeddedServer } from '#libs/embedded';

const run = promisify(execFile);

/** A primary with the current schema, and a streaming replica of it; both end with `end`. */
export class ReplicatedPostgres {
  private constructor(
    readonly primary: EmbeddedServer,
    private standby: EmbeddedServer,
    private readonly folder: string,
  ) {}

  static async start(): Promise<ReplicatedPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'ems-replicated-'));
    await run('chmod', ['711', folder]);
    const [primaryDir, standbyDir] = [join(folder, 'primary'), join(folder, 'standby')];
    const port = await freePort();
    const first = await startPostgres({ dataDir: primaryDir, port, fast: true });
    try {
      await runMigrations(first.url);
    } finally {
      await first.stop();
    }
    // A copy of a server that was shut down is a base backup; the embedded package has no pg_basebackup.
    await run('cp', ['-a', primaryDir, standbyDir]);
    const cluster = join(standbyDir, 'cluster');
    const { password } = new URL(first.url);
    await writeFile(join(cluster, 'standby.signal'), '');
    await appendFile(
      join(cluster, 'postgresql.auto.conf'),
      `primary_conninfo = 'host=127.0.0.1 port=${port} user=ems password=${password}'
       wal_retrieve_retry_interval = '200ms'\n`,
    );
    const primary = await startPostgres({ dataDir: primaryDir, port, fast: true });
    try {
      const standby = await startPostgres({ dataDir: standbyDir, fast: true });
      return new ReplicatedPostgres(primary, standby, folder);
    } catch (error) {
      await primary.kill();
      throw error;
    }
  }

  get replica(): EmbeddedServer {
    return this.standby;
  }

  /** The replica again, on the port that it had. */
  async restartReplica(): Promise<void> {
    const { port } = this.standby;
    this.standby = await startPostgres({ dataDir: join(this.folder, 'standby'), port, fast: true });
  }

  async end(): Promise<void> {
    await Promise.all([this.primary.kill(), this.standby.kill()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}
