import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import { Sql } from '#libs/database';
import { type EmbeddedServer, freePort, startNats, startPostgres } from '#libs/embedded';
import { AppProcess } from '../test/support/app-process.js';
import { RestClient } from '../test/support/rest-client.js';
import { until } from '../test/support/until.js';
import { SinkProcess } from './sink-process.js';

export const TOKEN = 'bench-provider-token';
const HOUR = 3_600_000;
const run = promisify(execFile);

export interface WorldOptions {
  dispatchers?: number;
  /** Over the defaults, which are those the service ships with. */
  settings?: Record<string, string>;
  /** The folder of the built project whose service and schema it is; this one, unless said otherwise. */
  tree?: string;
}

/** Brings a database to the schema of a built project. */
async function migrate(databaseUrl: string, tree: string): Promise<void> {
  const env = { PATH: process.env['PATH'], DATABASE_URL: databaseUrl };
  // By its script, as an earlier tree may have its program elsewhere.
  await run('npm', ['run', '--silent', 'migrate'], { cwd: tree, env });
}

/** The service as it ships, on a durable Postgres, each part a process of its own; the provider is the sink. */
export class BenchWorld {
  readonly dispatchers: { process: AppProcess; port: number }[] = [];
  private api!: AppProcess;
  private nats!: EmbeddedServer;

  private constructor(
    private readonly folder: string,
    private readonly postgres: EmbeddedServer,
    readonly sink: SinkProcess,
    readonly sql: Sql,
    readonly apiUrl: string,
    readonly rest: RestClient,
    private readonly settings: Record<string, string>,
    private readonly tree: string,
  ) {}

  static async start({
    dispatchers = 1,
    settings = {},
    tree = process.cwd(),
  }: WorldOptions = {}): Promise<BenchWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'ems-bench-'));
    await chmod(folder, 0o711);
    const postgres = await startPostgres({ dataDir: join(folder, 'postgres') });
    await migrate(postgres.url, tree);
    const sink = await SinkProcess.start();
    const port = await freePort();
    const apiUrl = `http://127.0.0.1:${port}`;
    const world = new BenchWorld(
      folder,
      postgres,
      sink,
      new Sql({ url: postgres.url, poolSize: 2, applicationName: 'bench' }),
      apiUrl,
      new RestClient(apiUrl),
      {
        LOG_LEVEL: 'info',
        DATABASE_URL: postgres.url,
        PORT: String(port),
        PROVIDER_URL: sink.url,
        PROVIDER_TOKEN: TOKEN,
        ...settings,
      },
      tree,
    );
    await world.bringUp(dispatchers);
    return world;
  }

  get databaseUrl(): string {
    return this.postgres.url;
  }

  /** One statement of the bench's own. */
  query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.sql.query<Row>({ name: '', text }, values);
  }

  /** Starts more dispatchers, or ends some, until there are `count`. */
  async scaleTo(count: number): Promise<void> {
    while (this.dispatchers.length < count) {
      const port = await freePort();
      const process = new AppProcess(
        'dispatcher',
        { ...this.settings, DISPATCHER_PORT: String(port) },
        { root: this.tree },
      );
      process.start();
      this.dispatchers.push({ process, port });
    }
    await Promise.all(this.dispatchers.splice(count).map(({ process }) => process.stop()));
    await until(
      `${count} dispatchers are on the list`,
      async () => (await this.rest.get('/health')).body.details.dispatchers.count === count,
      60_000,
    );
  }

  async stopNats(): Promise<void> {
    await this.nats.stop();
  }

  async startNats(): Promise<void> {
    this.nats = await startNats({ storeDir: join(this.folder, 'nats'), port: this.nats.port });
  }

  /** Clients with the tag, all in one time zone. */
  async clients(count: number, tag: string): Promise<void> {
    await this.query(
      `INSERT INTO clients (phone, timezone, tags)
       SELECT coalesce((SELECT max(phone) FROM clients), 79000000000) + i, 'Europe/Moscow', ARRAY[$2]
       FROM generate_series(1, $1::int) AS i`,
      [count, tag],
    );
    await this.query('VACUUM ANALYZE clients');
  }

  /** Creates a mailing that starts at once; returns its id. */
  async mailing(tag: string, fields: Record<string, unknown> = {}): Promise<number> {
    const { status, body } = await this.rest.post('/v1/mailings', {
      text: 'Your order is on its way.',
      audience: { tags: [tag] },
      startAt: new Date(Date.now() - 1_000).toISOString(),
      endAt: new Date(Date.now() + 24 * HOUR).toISOString(),
      ...fields,
    });
    if (status !== 201) throw new Error(`The mailing was refused: ${JSON.stringify(body)}`);
    return body.id;
  }

  /** Lets nothing be sent: planning goes on. By the provider's breaker, as if someone had opened it for a day. */
  async hold(): Promise<void> {
    await this.setBreaker('open', `now() + interval '1 day'`);
  }

  async letGo(): Promise<void> {
    await this.setBreaker('closed', 'NULL');
  }

  /** Waits until a mailing's messages are all there; seen after `everyMs` at most. */
  async planned(id: number, everyMs = 50): Promise<void> {
    await until(
      `mailing ${id} is planned`,
      async () =>
        (await this.query('SELECT FROM mailings WHERE id = $1 AND planned_at IS NOT NULL', [id])).length > 0,
      300_000,
      everyMs,
    );
  }

  /** Waits until a mailing is over, and throws unless each of its messages was sent. */
  async completed(id: number, messages: number, withinMs = 900_000): Promise<void> {
    await until(
      `mailing ${id} is completed`,
      async () => (await this.rest.get(`/v1/mailings/${id}`)).body.status === 'completed',
      withinMs,
      // Seldom: rates are by the provider's clock, and each look is work that a core has to do meanwhile.
      500,
    );
    const { body } = await this.rest.get(`/v1/mailings/${id}/statistics`);
    if (body.byStatus.sent !== messages) throw new Error(`Not all were sent: ${JSON.stringify(body)}`);
  }

  /** Nothing of the mailing is under way afterwards. Throws when it is over: it was to outlast the measurement. */
  async pause(id: number): Promise<void> {
    const { status } = await this.rest.post(`/v1/mailings/${id}/pause`);
    if (status !== 200) throw new Error(`Pausing mailing ${id} was answered with ${status}`);
  }

  /**
   * Takes all mailings back as if they had never been, in a fraction of the time that cancelling a million
   * messages takes: all that was ever planned goes with its tables' files. What it had in memory and on disk is
   * settled before the next measurement, whose ever that is. For mailings that are over or paused.
   */
  async forgetAll(): Promise<void> {
    await this.sql.transaction(async (transaction) => {
      for (const text of [
        'DELETE FROM mailings',
        'TRUNCATE batches, messages, attempts, mailing_counters, control_confirmations',
      ]) {
        await transaction.query({ name: '', text });
      }
    });
    await this.settle();
  }

  /** Writes out what is dirty, so that no measurement pays for what came before it. */
  async settle(): Promise<void> {
    await this.query('VACUUM (TRUNCATE FALSE) mailings, providers, dispatchers');
    await this.query('CHECKPOINT');
  }

  async end(): Promise<void> {
    await Promise.all([this.api, ...this.dispatchers.map(({ process }) => process)].map((app) => app.kill()));
    this.sink.end();
    await this.sql.close();
    await Promise.all([this.nats.kill(), this.postgres.kill()]);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async setBreaker(state: 'open' | 'closed', retryAt: string): Promise<void> {
    await this.query(
      `UPDATE providers SET breaker = '${state}', retry_at = ${retryAt}, version = version + 1 WHERE id = 1`,
    );
    const open = state === 'open' ? 2 : 0;
    for (const { port } of this.dispatchers) {
      await until('each dispatcher knows', async () => {
        const { body } = await request(`http://127.0.0.1:${port}/metrics`);
        return (await body.text()).includes(`ems_breaker_state{provider="default"} ${open}`);
      });
    }
  }

  private async bringUp(dispatchers: number): Promise<void> {
    this.nats = await startNats({ storeDir: join(this.folder, 'nats') });
    this.settings['NATS_URL'] = this.nats.url;
    // Its lines go to a file, as a container's do: to read them here would cost the cores that are measured.
    this.api = new AppProcess('api', this.settings, {
      logFile: join(this.folder, 'api.log'),
      root: this.tree,
    });
    this.api.start();
    await until('the API serves', async () => (await this.rest.get('/health/live')).status === 200, 60_000);
    await this.scaleTo(dispatchers);
  }
}
