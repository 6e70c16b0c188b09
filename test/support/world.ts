import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMigrations, Sql, type Statement } from '#libs/database';
import { freePort, startNats, startPostgres, type EmbeddedServer } from '#libs/embedded';
import { AppProcess } from './app-process.js';
import { Provider } from './provider.js';
import { RestClient } from './rest-client.js';
import { createTestDatabase, natsAccount } from './services.js';
import { until } from './until.js';

export interface WorldOptions {
  dispatchers?: number;
  /** Settings of all applications; durations are short by default so that a test need not wait. */
  settings?: Record<string, string>;
  /** Postgres and NATS of this world's own, which it may kill. */
  ownServers?: boolean;
}

const TOKEN = 'the-provider-token';

/** The whole service as real processes: API, dispatchers, simulated provider, Postgres, NATS. */
export class World {
  readonly dispatchers: AppProcess[] = [];

  private constructor(
    readonly sql: Sql,
    readonly databaseUrl: string,
    readonly natsUrl: string,
    readonly api: AppProcess,
    readonly rest: RestClient,
    readonly provider: Provider,
    private readonly settings: Record<string, string>,
    readonly servers: { postgres: OwnServer; nats: OwnServer } | undefined,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  static async start(options: WorldOptions = {}): Promise<World> {
    const stores = options.ownServers ? await ownStores() : await sharedStores();
    const [apiPort, sendingPort, controlPort] = [await freePort(), await freePort(), await freePort()];
    const settings = {
      LOG_LEVEL: 'info',
      DATABASE_URL: stores.databaseUrl,
      NATS_URL: stores.natsUrl,
      PORT: String(apiPort),
      PROVIDER_URL: `http://127.0.0.1:${sendingPort}`,
      PROVIDER_TOKEN: TOKEN,
      SIMULATOR_PORT: String(sendingPort),
      SIMULATOR_CONTROL_PORT: String(controlPort),
      PROVIDER_TIMEOUT_MS: '5000',
      LEASE_MS: '8000',
      OWNER_SILENCE_MS: '3000',
      ...options.settings,
    };
    const world = new World(
      new Sql({ url: stores.databaseUrl, poolSize: 3, applicationName: 'test' }),
      stores.databaseUrl,
      stores.natsUrl,
      new AppProcess('api', settings),
      new RestClient(`http://127.0.0.1:${apiPort}`),
      new Provider(new AppProcess('simulator', settings), controlPort),
      settings,
      stores.servers,
      stores.cleanUp,
    );
    try {
      world.provider.process.start();
      await world.startApi();
      for (let n = 0; n < (options.dispatchers ?? 1); n += 1) await world.addDispatcher();
      await world.provider.ready();
      return world;
    } catch (error) {
      await world.end();
      throw error;
    }
  }

  /** Starts the API (again) and waits until it serves. */
  async startApi(): Promise<void> {
    this.api.start();
    await until(
      'the API answers',
      async () => (await this.rest.get('/v1/statistics')).status === 200,
      30_000,
    );
  }

  /** Starts one more dispatcher and waits until it is on the list. */
  async addDispatcher(settings: Record<string, string> = {}): Promise<AppProcess> {
    const dispatcher = new AppProcess('dispatcher', { ...this.settings, ...settings });
    this.dispatchers.push(dispatcher);
    await this.startDispatcher(dispatcher);
    return dispatcher;
  }

  /** Starts a dispatcher that was ended before. */
  async startDispatcher(dispatcher: AppProcess): Promise<void> {
    dispatcher.start();
    await until(
      'the dispatcher is registered',
      async () =>
        (await this.query('SELECT id FROM dispatchers WHERE pid = $1', [dispatcher.pid])).length > 0,
      30_000,
    );
  }

  /** One statement of a test's own. */
  query<Row extends object = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    const statement: Statement = { name: '', text };
    return this.sql.query<Row>(statement, values);
  }

  /** Sets the clock that due times and ends are compared with ahead by an interval such as `2 hours`. */
  async shiftClock(interval: string): Promise<void> {
    await this.query('UPDATE clock_offset SET by_interval = $1::interval', [interval]);
  }

  /** What the last lines of every process were: for the message of a failing expectation. */
  get output(): string {
    return [this.api, ...this.dispatchers].map((app) => `--- ${app.name}\n${app.output}`).join('\n');
  }

  /** Ends every process and removes what was made. */
  async end(): Promise<void> {
    const processes = [...this.dispatchers, this.api, this.provider.process];
    for (const one of processes) one.signal('SIGCONT');
    await Promise.all(processes.map((one) => one.kill()));
    await this.sql.close();
    await this.cleanUp();
  }
}

/** A server that can be killed and started again with the same data on the same port. */
export interface OwnServer {
  kill(): Promise<void>;
  start(): Promise<void>;
}

interface Stores {
  databaseUrl: string;
  natsUrl: string;
  servers: { postgres: OwnServer; nats: OwnServer } | undefined;
  cleanUp: () => Promise<void>;
}

async function sharedStores(): Promise<Stores> {
  const [database, nats] = [await createTestDatabase(), await natsAccount()];
  return {
    databaseUrl: database.url,
    natsUrl: nats.url,
    servers: undefined,
    cleanUp: () => database.drop(),
  };
}

async function ownStores(): Promise<Stores> {
  const folder = await mkdtemp(join(tmpdir(), 'ems-world-'));
  // Postgres runs as a user of its own and has to pass through.
  await chmod(folder, 0o711);
  let postgres: EmbeddedServer = await startPostgres({ dataDir: join(folder, 'postgres') });
  let nats: EmbeddedServer = await startNats({ storeDir: join(folder, 'nats') });
  await runMigrations(postgres.url);
  return {
    databaseUrl: postgres.url,
    natsUrl: nats.url,
    servers: {
      postgres: {
        kill: () => postgres.kill(),
        start: async () => {
          postgres = await startPostgres({ dataDir: join(folder, 'postgres'), port: postgres.port });
        },
      },
      nats: {
        kill: () => nats.kill(),
        start: async () => {
          nats = await startNats({ storeDir: join(folder, 'nats'), port: nats.port });
        },
      },
    },
    cleanUp: async () => {
      await Promise.all([postgres.stop(), nats.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
