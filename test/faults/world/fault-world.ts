import { join } from 'node:path';
import { Sql } from '#libs/database';
import { freePort, startNats, startPostgres } from '#libs/embedded';
import { AppProcess } from '../../support/app-process.js';
import { Provider } from '../../support/provider.js';
import { RestClient } from '../../support/rest-client.js';
import { until } from '../../support/until.js';
import type { Ledger } from '../ledger.js';
import type { StageOptions } from '../stage-options.js';
import { TcpProxy } from '../tcp-proxy.js';
import { Actor, type ActorBody, type ActorTerms } from './actor.js';
import { appBody, ServerBody } from './bodies.js';
import { type ClusterTemplate, copyTemplate } from './cluster-template.js';
import type { ScenarioFolder } from './run-folder.js';
import { shortSettings } from './short-settings.js';

const TOKEN = 'the-provider-token';
const PORT_ATTEMPTS = 3;
const nothingInDoubt: ActorTerms = { doubts: 0, patienceMs: Infinity };

/** What a dispatcher may differ in from the others. */
export interface DispatcherOptions {
  /** Over the world's settings; also variables such as `LD_PRELOAD`. */
  env?: Record<string, string>;
  /** Its way to Postgres. */
  postgres?: TcpProxy;
  /** Its way to NATS. */
  nats?: TcpProxy;
}

/**
 * The whole service as it ships, each part a process of its own: a durable Postgres, NATS, the API, dispatchers.
 * The simulated provider is the outside world and is never killed.
 */
export class FaultWorld {
  readonly dispatchers: Actor[] = [];
  readonly settings: Record<string, string>;
  private readonly apps: AppProcess[] = [];
  private readonly proxies: TcpProxy[] = [];
  private ports!: { postgres: number; nats: number };
  private connection!: Sql;
  readonly postgres: Actor;
  readonly nats: Actor;
  api!: Actor;
  /** The API's way to Postgres, if the stage's options ask for one. */
  apiProxy: TcpProxy | undefined;
  rest!: RestClient;
  provider!: Provider;

  private constructor(
    private readonly folder: ScenarioFolder,
    private readonly template: ClusterTemplate,
    private readonly ledger: Ledger,
    options: StageOptions,
  ) {
    this.settings = { ...shortSettings, ...options.settings };
    this.postgres = this.actor(
      'Postgres',
      new ServerBody(() => startPostgres({ dataDir: folder.postgres, port: this.ports.postgres })),
    );
    this.nats = this.actor(
      'NATS',
      new ServerBody(() => startNats({ storeDir: folder.nats, port: this.ports.nats })),
    );
  }

  /**
   * Brings everything up. What had been started is ended when that fails. A free port may be taken by a stranger
   * before it is used: then all of it is tried on others.
   */
  static async start(
    folder: ScenarioFolder,
    template: ClusterTemplate,
    ledger: Ledger,
    options: StageOptions,
  ): Promise<FaultWorld> {
    for (let attempt = 1; ; attempt += 1) {
      const world = new FaultWorld(folder, template, ledger, options);
      try {
        await world.bringUp(options);
        return world;
      } catch (error) {
        await world.end();
        if (attempt === PORT_ATTEMPTS || !/in use|EADDRINUSE/i.test(String(error))) throw error;
      }
    }
  }

  /** Straight to this world's Postgres, past every proxy; for the suite's own looks at it. */
  get sql(): Sql {
    return this.connection;
  }

  /** One statement of the suite's own. */
  query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.sql.query<Row>({ name: '', text }, values);
  }

  /** Has the database's clock go ahead of the real one as the ledger says. */
  async setClock(): Promise<void> {
    await this.query(`UPDATE clock_offset SET by_interval = make_interval(secs => $1::float8 / 1000)`, [
      this.ledger.clockAheadMs,
    ]);
  }

  /** Starts one more dispatcher and waits until it serves. */
  async addDispatcher(options: DispatcherOptions = {}): Promise<Actor> {
    const dispatcher = await this.makeDispatcher(options);
    await dispatcher.start();
    return dispatcher;
  }

  /** A proxy in front of Postgres, for processes that are given it. */
  async postgresProxy(): Promise<TcpProxy> {
    return this.proxyTo('Postgres', this.ports.postgres);
  }

  /** A proxy in front of NATS, for processes that are given it. */
  async natsProxy(): Promise<TcpProxy> {
    return this.proxyTo('NATS', this.ports.nats);
  }

  /** Where Postgres is, for a scenario that speaks to it. */
  get databaseUrl(): string {
    return this.settings['DATABASE_URL'] ?? '';
  }

  /** Where NATS is, for a scenario that speaks to it. */
  get natsUrl(): string {
    return `nats://127.0.0.1:${this.ports.nats}`;
  }

  /** Where NATS keeps its streams: to be wiped while it is not running. */
  get natsStore(): string {
    return join(this.folder.nats, 'jetstream');
  }

  /** The last lines of every process, for the report of what broke. */
  get output(): string {
    return this.apps
      .map((app) => `--- ${app.name} (pid ${app.pid})\n${app.output.split('\n').slice(-15).join('\n')}`)
      .join('\n');
  }

  /** Ends every process, as fast as possible. */
  async end(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    for (const app of this.apps) app.signal('SIGCONT');
    await Promise.all(this.apps.map((app) => app.kill()));
    await (this.connection as Sql | undefined)?.close().catch(() => undefined);
    await Promise.all([this.postgres.end(), this.nats.end()]);
  }

  /** Kills everything in one tick, when there is no time left to wait for anything. */
  endNow(): void {
    for (const app of this.apps) app.signal('SIGKILL');
    for (const server of [this.postgres, this.nats]) void server.end();
  }

  private async bringUp(options: StageOptions): Promise<void> {
    const [sendingPort, controlPort, apiPort] = [await freePort(), await freePort(), await freePort()];
    this.ports = { postgres: await freePort(), nats: await freePort() };
    const databaseUrl = this.template.urlOn(this.ports.postgres);
    Object.assign(this.settings, {
      PORT: String(apiPort),
      DATABASE_URL: databaseUrl,
      NATS_URL: this.natsUrl,
      PROVIDER_URL: `http://127.0.0.1:${sendingPort}`,
      PROVIDER_TOKEN: TOKEN,
      SIMULATOR_PORT: String(sendingPort),
      SIMULATOR_CONTROL_PORT: String(controlPort),
    });
    const simulator = this.app('simulator', 'simulator', this.settings);
    simulator.start();
    this.provider = new Provider(simulator, controlPort);
    this.connection = new Sql({ url: databaseUrl, poolSize: 4, applicationName: 'faults' });
    this.rest = new RestClient(`http://127.0.0.1:${apiPort}`);
    this.apiProxy = options.apiBehindProxy ? await this.postgresProxy() : undefined;
    const api = this.app('api', 'api', {
      ...this.settings,
      ...options.apiEnv,
      ...(this.apiProxy ? { DATABASE_URL: this.apiProxy.inFrontOf(databaseUrl) } : {}),
    });
    this.api = this.actor('API', appBody(api, apiPort));
    await copyTemplate(this.template, this.folder.postgres);
    // Whoever comes first waits for the others: that is part of what they promise.
    await Promise.all([
      this.postgres.start().then(() => this.setClock()),
      this.nats.start(),
      this.api.start(),
      this.provider.ready(),
      ...Array.from({ length: options.dispatchers ?? 2 }, () => this.addDispatcher()),
    ]);
    await until('every dispatcher is listed', async () => {
      return (await this.query('SELECT FROM dispatchers')).length === this.dispatchers.length;
    });
  }

  private async makeDispatcher({ env, postgres, nats }: DispatcherOptions): Promise<Actor> {
    const port = await freePort();
    const settings: Record<string, string> = {
      ...this.settings,
      ...env,
      DISPATCHER_PORT: String(port),
      ...(postgres ? { DATABASE_URL: postgres.inFrontOf(this.settings['DATABASE_URL'] ?? '') } : {}),
      ...(nats ? { NATS_URL: nats.inFrontOf(this.natsUrl) } : {}),
    };
    const name = `dispatcher-${this.dispatchers.length + 1}`;
    const dispatcher = this.actor(name, appBody(this.app('dispatcher', name, settings), port), {
      doubts: Number(settings['MAX_UNRECORDED']),
      patienceMs: Number(settings['LEASE_MS']),
    });
    this.dispatchers.push(dispatcher);
    return dispatcher;
  }

  private app(app: AppProcess['name'], name: string, settings: Record<string, string>): AppProcess {
    const made = new AppProcess(app, settings, { logFile: join(this.folder.logs, `${name}.log`) });
    this.apps.push(made);
    return made;
  }

  private actor(name: string, body: ActorBody, terms = nothingInDoubt): Actor {
    return new Actor(name, body, terms, (fault) => this.ledger.faults.push(fault));
  }

  private async proxyTo(server: 'Postgres' | 'NATS', port: number): Promise<TcpProxy> {
    const proxy = await TcpProxy.open(port, server);
    this.proxies.push(proxy);
    return proxy;
  }
}
