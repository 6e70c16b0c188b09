import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { runMigrations, Sql } from '#libs/database';
import { freePort, startNats, startPostgres } from '#libs/embedded';
import { AppProcess } from '../test/support/app-process.js';
import { until } from '../test/support/until.js';

const TOKEN = 'bench-provider-token';

export interface Received {
  requests: number;
  duplicates: number;
  /** Epoch milliseconds. */
  firstAt: number;
  lastAt: number;
}

/** The service as it ships (durable Postgres, NATS, API, one dispatcher) against the simulator. */
export class BenchWorld {
  private constructor(
    readonly sql: Sql,
    readonly apiUrl: string,
    readonly providerUrl: string,
    private readonly controlUrl: string,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  static async start(concurrency: number): Promise<BenchWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'ems-bench-'));
    await chmod(folder, 0o711);
    const postgres = await startPostgres({ dataDir: join(folder, 'postgres') });
    const nats = await startNats({ storeDir: join(folder, 'nats') });
    await runMigrations(postgres.url);
    const [port, sendingPort, controlPort] = [await freePort(), await freePort(), await freePort()];
    const settings = {
      LOG_LEVEL: 'info',
      DATABASE_URL: postgres.url,
      NATS_URL: nats.url,
      PORT: String(port),
      PROVIDER_URL: `http://127.0.0.1:${sendingPort}`,
      PROVIDER_TOKEN: TOKEN,
      PROVIDER_CONCURRENCY: String(concurrency),
      SIMULATOR_PORT: String(sendingPort),
      SIMULATOR_CONTROL_PORT: String(controlPort),
    };
    const apps = (['simulator', 'api', 'dispatcher'] as const).map((name) => new AppProcess(name, settings));
    for (const app of apps) app.start();
    const sql = new Sql({ url: postgres.url, poolSize: 2, applicationName: 'bench' });
    const world = new BenchWorld(
      sql,
      `http://127.0.0.1:${port}`,
      settings.PROVIDER_URL,
      `http://127.0.0.1:${controlPort}`,
      async () => {
        await Promise.all(apps.toReversed().map((app) => app.stop()));
        await sql.close();
        await Promise.all([nats.stop(), postgres.stop()]);
        await rm(folder, { recursive: true, force: true });
      },
    );
    await until('everything is up', async () => {
      const health = await world.get<{ details: { dispatchers: { count: number } } }>(
        world.apiUrl,
        '/health',
      );
      return health.details.dispatchers.count === 1 && (await world.received()) !== undefined;
    });
    return world;
  }

  get authorization(): string {
    return `Bearer ${TOKEN}`;
  }

  /** What the provider received since the last {@link forget}. */
  received(): Promise<Received> {
    return this.get(this.controlUrl, '/received/summary');
  }

  async forget(): Promise<void> {
    await (await request(`${this.controlUrl}/received`, { method: 'DELETE' })).body.dump();
  }

  async get<Answer>(base: string, path: string): Promise<Answer> {
    return (await (await request(base + path)).body.json()) as Answer;
  }

  async createMailing(mailing: object): Promise<number> {
    const { statusCode, body } = await request(`${this.apiUrl}/v1/mailings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(mailing),
    });
    const answer = (await body.json()) as { id: number };
    if (statusCode !== 201) throw new Error(`The mailing was refused: ${JSON.stringify(answer)}`);
    return answer.id;
  }

  end(): Promise<void> {
    return this.cleanUp();
  }
}
