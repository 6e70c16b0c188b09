import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type AppName,
  appEnvironment,
  loadApiConfig,
  loadDispatcherConfig,
  loadSimulatorConfig,
  unusableDatabase,
  type AppAddresses,
  type StandaloneConfig,
} from '#libs/config';
import { runMigrations } from '#libs/database';
import {
  postgresHome,
  postgresPasswordFile,
  startNats,
  startPostgres,
  type EmbeddedServer,
} from '#libs/embedded';
import type { ChildOutput } from './child-output.js';
import { explain } from './explain.js';
import { chooseAppPorts } from './app-ports.js';
import { launchNodeApp, stopLeftoverApps, waitForAnswer } from './node-app.js';
import { SupervisedService, type RunningService } from './supervised-service.js';

const apps = fileURLToPath(new URL('..', import.meta.url));

/** Those who use another end before it: the dispatcher still has to record what it sent. */
const applications: readonly AppName[] = ['dispatcher', 'api', 'simulator'];
const stopOrder = [...applications, 'nats', 'postgres'];

/** What is needed to reach the service and to look into it. */
export interface Standing extends Omit<AppAddresses, 'dispatcherPort'> {
  /** One for each dispatcher, in their order. */
  readonly dispatcherPorts: readonly number[];
  readonly apiUrl: string;
  /** Where the password of our own Postgres is, which `databaseUrl` has; undefined for one of the user's. */
  readonly passwordFile: string | undefined;
  /** Every folder that holds data: ours, and that of Postgres where it has to be elsewhere. */
  readonly dataFolders: readonly string[];
  /** Whether the data is ours to fill with a demo, and the provider ours to send it to. */
  readonly mayRunDemo: boolean;
}

/** Everything `npm start` brings up, in one place: servers, migrations, applications, and their end. */
export class Standalone {
  private readonly dataFolders: string[];
  private passwordFile: string | undefined;
  private readonly services = new Map<string, SupervisedService>();

  constructor(
    private readonly config: StandaloneConfig,
    private readonly output: ChildOutput,
    private readonly report: (line: string) => void,
    private readonly stopping: AbortSignal,
  ) {
    this.dataFolders = [config.dataDir];
  }

  /**
   * Servers first, then those who use them. Throws when one does not come up, or when we are told to stop
   * meanwhile; what has been started then is for `stop` to end.
   */
  async start(): Promise<Standing> {
    for (const kind of applications) await stopLeftoverApps(this.config.dataDir, kind);
    const { dispatcherPorts, ...ports } = await chooseAppPorts(this.config, this.report);
    const [dispatcherPort = 0] = dispatcherPorts;
    const provider = {
      providerUrl: this.config.providerUrl ?? `http://127.0.0.1:${ports.simulatorPort}`,
      providerToken: this.config.providerToken ?? randomBytes(16).toString('hex'),
    };
    this.refuseWrongSettings({ ...ports, dispatcherPort, ...provider });
    const starting = [this.database(), this.nats()] as const;
    // Both must have come to an end before anyone can stop what has started.
    await Promise.allSettled(starting);
    const [databaseUrl, natsUrl] = await Promise.all(starting);
    await this.migrate(databaseUrl);

    const addresses: AppAddresses = { ...ports, dispatcherPort, ...provider, databaseUrl, natsUrl };
    const apiUrl = `http://${reachable(this.config.host)}:${ports.port}`;
    const control = `http://127.0.0.1:${ports.simulatorControlPort}/received`;
    if (this.config.providerUrl === undefined) await this.app('simulator', addresses, control);
    await this.app('api', addresses, `${apiUrl}/health/live`);
    await this.dispatchers(dispatcherPorts, addresses);
    const mayRunDemo = this.config.databaseUrl === undefined && this.config.providerUrl === undefined;
    const { passwordFile, dataFolders } = this;
    return { ...addresses, dispatcherPorts, apiUrl, mayRunDemo, passwordFile, dataFolders };
  }

  /** Ends everything that has been started; nothing is left running. */
  async stop(): Promise<void> {
    for (const kind of stopOrder) {
      const services = [...this.services.values()].filter(({ name }) => kindOf(name) === kind);
      for (const { name } of services) this.report(`stopping ${name}`);
      await Promise.all(services.map((service) => service.stop()));
    }
  }

  /** The applications would refuse them too, but only after Postgres is up, and again and again. */
  private refuseWrongSettings(known: Omit<AppAddresses, 'databaseUrl' | 'natsUrl'>): void {
    const databaseUrl = this.config.databaseUrl ?? 'postgres://127.0.0.1/ems';
    const natsUrl = this.config.natsServers?.join(',') ?? 'nats://127.0.0.1:4222';
    const addresses = { ...known, databaseUrl, natsUrl };
    loadApiConfig(appEnvironment('api', addresses));
    loadDispatcherConfig(appEnvironment('dispatcher', addresses));
    if (this.config.providerUrl === undefined) loadSimulatorConfig(appEnvironment('simulator', addresses));
  }

  private async database(): Promise<string> {
    if (this.config.databaseUrl !== undefined) return this.config.databaseUrl;
    const preferred = join(this.config.dataDir, 'postgres');
    const dataDir = await postgresHome(preferred);
    if (dataDir !== preferred) {
      this.dataFolders.push(dataDir);
      this.report(
        `Postgres can't run as root, and its user can't reach ${preferred}: its data is in ${dataDir}`,
      );
    }
    this.passwordFile = postgresPasswordFile(dataDir);
    const server = await this.server('postgres', (port) => startPostgres({ dataDir, port }));
    return server.url;
  }

  private async nats(): Promise<string> {
    if (this.config.natsServers !== undefined) return this.config.natsServers.join(',');
    const storeDir = join(this.config.dataDir, 'nats');
    const server = await this.server('nats', (port) => startNats({ storeDir, port, report: this.report }));
    return server.url;
  }

  /** Started again on the port it got at first, since others know it by then. */
  private async server(
    name: string,
    start: (port: number) => Promise<EmbeddedServer>,
  ): Promise<EmbeddedServer> {
    let first: EmbeddedServer | undefined;
    const launch = async () => {
      const server = await start(first?.port ?? 0);
      first ??= server;
      return server;
    };
    await this.add(new SupervisedService({ name, launch, report: this.report }));
    if (first === undefined) throw new Error(`${name} did not start.`);
    return first;
  }

  private async migrate(databaseUrl: string): Promise<void> {
    this.stopping.throwIfAborted();
    try {
      await runMigrations(databaseUrl);
    } catch (error) {
      if (this.config.databaseUrl !== undefined) throw unusableDatabase(databaseUrl, error);
      throw new Error(`The database can't be brought up to date: ${explain(error)}`, { cause: error });
    }
    this.report('database schema is up to date');
  }

  /** Beside each other: each takes a second to start. All have come to an end before a failure is told. */
  private async dispatchers(ports: readonly number[], addresses: AppAddresses): Promise<void> {
    const starting = ports.map((dispatcherPort, index) => {
      const name = ports.length === 1 ? 'dispatcher' : `dispatcher-${index + 1}`;
      const answersAt = `http://127.0.0.1:${dispatcherPort}/health/live`;
      return this.app('dispatcher', { ...addresses, dispatcherPort }, answersAt, name);
    });
    await Promise.allSettled(starting);
    await Promise.all(starting);
  }

  private async app(
    kind: AppName,
    addresses: AppAddresses,
    answersAt: string,
    name: string = kind,
  ): Promise<void> {
    const launch = () =>
      launchNodeApp({
        name,
        module: join(apps, kind, 'main.js'),
        env: appEnvironment(kind, addresses),
        dataDir: this.config.dataDir,
        onOutput: (...streams) => this.output.follow(...streams),
      });
    const ready = (running: RunningService) => waitForAnswer(answersAt, running, name);
    await this.add(new SupervisedService({ name, launch, ready, report: this.report }));
  }

  private async add(service: SupervisedService): Promise<void> {
    this.stopping.throwIfAborted();
    await service.start();
    this.services.set(service.name, service);
    // Told to stop meanwhile: what has just come up is only there to be ended.
    this.stopping.throwIfAborted();
    this.report(`${service.name} is running`);
  }
}

/** What a service is one of: `dispatcher-2` is a `dispatcher`. */
function kindOf(name: string): string {
  return name.replace(/-\d+$/, '');
}

/** Where to call a server that listens on `host`: "any address" is not one to call. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
