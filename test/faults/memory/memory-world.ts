import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMigrations, Sql } from '#libs/database';
import { type EmbeddedServer, freePort, startNats, startPostgres } from '#libs/embedded';
import { AppProcess } from '../../support/app-process.js';
import { RestClient } from '../../support/rest-client.js';
import { until } from '../../support/until.js';

/** One dispatcher with the settings of production, and what it needs, each a process of its own. */
export class MemoryWorld {
  private constructor(
    private readonly folder: string,
    private postgres: EmbeddedServer,
    private readonly nats: EmbeddedServer,
    private readonly sink: ChildProcess,
    private readonly apps: readonly AppProcess[],
    private readonly rest: RestClient,
    readonly metricsUrl: string,
  ) {}

  static async start(): Promise<MemoryWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'ems-memory-'));
    await chmod(folder, 0o711);
    const postgres = await startPostgres({ dataDir: join(folder, 'postgres') });
    const nats = await startNats({ storeDir: join(folder, 'nats') });
    await runMigrations(postgres.url);
    const sink = fork(fileURLToPath(new URL('quick-sink.js', import.meta.url)));
    const [providerPort]: unknown[] = await once(sink, 'message');
    const [port, dispatcherPort] = [await freePort(), await freePort()];
    const settings = {
      LOG_LEVEL: 'info',
      DATABASE_URL: postgres.url,
      NATS_URL: nats.url,
      PORT: String(port),
      DISPATCHER_PORT: String(dispatcherPort),
      PROVIDER_URL: `http://127.0.0.1:${String(providerPort)}`,
      PROVIDER_TOKEN: 'the-provider-token',
    };
    const apps = (['api', 'dispatcher'] as const).map((name) => new AppProcess(name, settings));
    for (const app of apps) app.start();
    const rest = new RestClient(`http://127.0.0.1:${port}`);
    const metricsUrl = `http://127.0.0.1:${dispatcherPort}/metrics`;
    const world = new MemoryWorld(folder, postgres, nats, sink, apps, rest, metricsUrl);
    await until(
      'a dispatcher is on the list',
      async () => (await rest.get('/health')).body.details.dispatchers.count === 1,
      60_000,
    );
    return world;
  }

  /** Makes clients, and so many mailings to all of them. */
  async load(clients: number, mailings: number): Promise<void> {
    const sql = new Sql({ url: this.postgres.url, poolSize: 1, applicationName: 'memory' });
    await sql.query(
      {
        name: 'memory-clients',
        text: `INSERT INTO clients (phone, timezone)
          SELECT 79000000000 + i, 'Europe/Moscow' FROM generate_series(1, $1::int) AS i`,
      },
      [clients],
    );
    await sql.query({ name: 'memory-analyze', text: 'ANALYZE clients' });
    await sql.close();
    for (let nth = 1; nth <= mailings; nth += 1) {
      const { status } = await this.rest.post('/v1/mailings', {
        text: `Your order ${nth} is on its way.`,
        startAt: new Date(Date.now() - 1_000).toISOString(),
        endAt: new Date(Date.now() + 86_400_000).toISOString(),
      });
      if (status !== 201) throw new Error(`A mailing was answered with ${status}`);
    }
  }

  /** `kill -9` of Postgres. */
  stopPostgres(): Promise<void> {
    return this.postgres.kill();
  }

  async startPostgres(): Promise<void> {
    const { port } = this.postgres;
    this.postgres = await startPostgres({ dataDir: join(this.folder, 'postgres'), port });
  }

  /** The last lines of the processes, for when something went wrong. */
  get output(): string {
    return this.apps.map((app) => `--- ${app.name}\n${app.output}`).join('\n');
  }

  async end(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.kill()));
    this.sink.disconnect();
    await Promise.all([this.nats.kill(), this.postgres.kill()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}
