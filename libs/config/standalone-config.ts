import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { ConfigError } from './config-error.js';
import { type AppName, type Environment, read, reads } from './config.js';
import { type SettingName, settings } from './settings.js';

/** Postgres needs cores as well: beyond four dispatchers on one machine it is what is short. */
const MOST_BY_DEFAULT = 4;

/** Of the 200 of the embedded Postgres; the others are for migrations, superusers and people. */
const OWN_POSTGRES_CONNECTIONS = 190;

/**
 * What `npm start` needs. An address that is not set stays undefined: then it starts a server of its own.
 * Throws {@link ConfigError}.
 */
export function loadStandaloneConfig(env: Environment = process.env) {
  const values = read(
    [
      'EMS_DATA_DIR',
      'EMS_DEMO',
      'HOST',
      'PORT',
      'API_KEYS',
      'DISPATCHERS',
      'DISPATCHER_PORT',
      'DATABASE_POOL_SIZE',
    ],
    env,
  );
  const isSet = (name: SettingName) => Boolean(env[name] || env[`${name}_FILE`]);
  if (isSet('DATABASE_READ_URL') && !isSet('DATABASE_URL')) {
    throw new ConfigError(
      'DATABASE_READ_URL is set, but DATABASE_URL is not. Set DATABASE_URL to the database that is replicated: the Postgres of npm start has no replica.',
    );
  }
  const dispatchers = values.DISPATCHERS ?? Math.min(availableParallelism(), MOST_BY_DEFAULT);
  const connections = (dispatchers + 1) * values.DATABASE_POOL_SIZE;
  if (!isSet('DATABASE_URL') && connections > OWN_POSTGRES_CONNECTIONS) {
    throw new ConfigError(
      `DISPATCHERS=${dispatchers} and the API need ${connections} connections at DATABASE_POOL_SIZE=${values.DATABASE_POOL_SIZE}: the Postgres of npm start has ${OWN_POSTGRES_CONNECTIONS} for them. Lower one of the two, or set DATABASE_URL.`,
    );
  }
  const providerUrl = isSet('PROVIDER_URL') ? read(['PROVIDER_URL'], env).PROVIDER_URL : undefined;
  if (providerUrl !== undefined && !isSet('PROVIDER_TOKEN')) {
    throw new ConfigError(
      'PROVIDER_TOKEN is not set, but PROVIDER_URL names a provider of your own. Set PROVIDER_TOKEN to the token from that provider: each request carries the token as "Authorization: Bearer <token>".',
    );
  }
  return {
    dataDir: resolve(values.EMS_DATA_DIR),
    demo: values.EMS_DEMO === 'on',
    host: values.HOST,
    port: values.PORT,
    apiKeys: values.API_KEYS,
    dispatchers,
    dispatcherPort: values.DISPATCHER_PORT,
    databaseUrl: isSet('DATABASE_URL') ? read(['DATABASE_URL'], env).DATABASE_URL : undefined,
    natsServers: isSet('NATS_URL') ? read(['NATS_URL'], env).NATS_URL : undefined,
    providerUrl,
    /** Needed for a provider of the user's; the built-in simulator can be given a random one. */
    providerToken:
      providerUrl !== undefined || isSet('PROVIDER_TOKEN')
        ? read(['PROVIDER_TOKEN'], env).PROVIDER_TOKEN
        : undefined,
    simulatorPort: isSet('SIMULATOR_PORT') ? read(['SIMULATOR_PORT'], env).SIMULATOR_PORT : undefined,
    simulatorControlPort: isSet('SIMULATOR_CONTROL_PORT')
      ? read(['SIMULATOR_CONTROL_PORT'], env).SIMULATOR_CONTROL_PORT
      : undefined,
    /** Set by npm: the process that started us is then npm's, and its end means ours. */
    startedByNpm: env['npm_lifecycle_event'] !== undefined,
  };
}

/** The addresses for one application that `npm start` settled on, its own or the user's. */
export interface AppAddresses {
  readonly port: number;
  readonly dispatcherPort: number;
  readonly simulatorPort: number;
  readonly simulatorControlPort: number;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly providerUrl: string;
  readonly providerToken: string;
}

/**
 * The environment for one of the applications that `npm start` runs: ours with these addresses, and of the settings
 * only those that it reads, so that the API has no token of the provider's and the simulator no key. They log as
 * JSON and, unless LOG_LEVEL says otherwise, each message, so that the log files can answer for each.
 */
export function appEnvironment(
  app: AppName,
  addresses: AppAddresses,
  env: Environment = process.env,
): Environment {
  const given = withAddresses(addresses, env);
  for (const name of Object.keys(settings) as SettingName[]) {
    if (reads(app, name)) continue;
    delete given[name];
    delete given[`${name}_FILE`];
  }
  return given;
}

function withAddresses(addresses: AppAddresses, env: Environment): Environment {
  return {
    ...env,
    PORT: String(addresses.port),
    DISPATCHER_PORT: String(addresses.dispatcherPort),
    SIMULATOR_PORT: String(addresses.simulatorPort),
    SIMULATOR_CONTROL_PORT: String(addresses.simulatorControlPort),
    DATABASE_URL: addresses.databaseUrl,
    DATABASE_URL_FILE: '',
    NATS_URL: addresses.natsUrl,
    NATS_URL_FILE: '',
    PROVIDER_URL: addresses.providerUrl,
    PROVIDER_TOKEN: addresses.providerToken,
    PROVIDER_TOKEN_FILE: '',
    LOG_FORMAT: 'json',
    LOG_LEVEL: env['LOG_LEVEL'] || 'debug',
  };
}

/** Where `npm start` keeps its data and logs: an absolute path. Throws {@link ConfigError}. */
export function loadDataDir(env: Environment = process.env): string {
  return resolve(read(['EMS_DATA_DIR'], env).EMS_DATA_DIR);
}

export type StandaloneConfig = ReturnType<typeof loadStandaloneConfig>;
