import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { secretSettings, settings, type SettingName } from './settings.js';

export type Environment = Record<string, string | undefined>;

const logNames = ['LOG_LEVEL', 'LOG_FORMAT'] as const;
const storeNames = ['DATABASE_URL', 'DATABASE_POOL_SIZE', 'NATS_URL', 'NATS_REPLICAS'] as const;
const apiNames = [
  ...logNames,
  ...storeNames,
  'DATABASE_READ_URL',
  'HOST',
  'PORT',
  'API_KEYS',
  'DEFAULT_COUNTRY',
] as const;
const dispatcherNames = [
  ...logNames,
  ...storeNames,
  'DISPATCHER_HOST',
  'DISPATCHER_PORT',
  'API_KEYS',
  'PROVIDER_URL',
  'PROVIDER_TOKEN',
  'PROVIDER_CONCURRENCY',
  'PROVIDER_TIMEOUT_MS',
  'PROBE_TIMEOUT_MS',
  'MAX_ATTEMPTS',
  'BACKOFF_BASE_MS',
  'BACKOFF_CAP_MS',
  'SEND_GUARD_MS',
  'DISPATCHER_LANES',
  'GRANT_SIZE',
  'MAX_UNRECORDED',
  'LEASE_MS',
  'OWNER_SILENCE_MS',
  'POLL_MS',
  'FLUSH_ROWS',
  'FLUSH_MS',
] as const;
const simulatorNames = [
  ...logNames,
  'SIMULATOR_HOST',
  'SIMULATOR_PORT',
  'SIMULATOR_CONTROL_PORT',
  'PROVIDER_TOKEN',
] as const;

/** What each application reads. */
const namesOf = { api: apiNames, dispatcher: dispatcherNames, simulator: simulatorNames } as const;

export type AppName = keyof typeof namesOf;

/** Whether an application reads a setting, and so may have it in its environment. */
export function reads(app: AppName, name: SettingName): boolean {
  return (namesOf[app] as readonly SettingName[]).includes(name);
}

/** What the HTTP application needs. Throws {@link ConfigError}. */
export function loadApiConfig(env: Environment = process.env) {
  const values = read(apiNames, env);
  if (values.API_KEYS.length === 0 && !isLoopback(values.HOST)) {
    throw new ConfigError(
      `HOST=${values.HOST} would open the API to the network without a key: set API_KEYS, or HOST=127.0.0.1.`,
    );
  }
  const { database, ...others } = logAndStores(values);
  return {
    ...others,
    database: { ...database, readUrl: values.DATABASE_READ_URL },
    host: values.HOST,
    port: values.PORT,
    apiKeys: values.API_KEYS,
    defaultCountry: values.DEFAULT_COUNTRY,
  };
}

/** What a dispatcher needs; durations in milliseconds. Throws {@link ConfigError}. */
export function loadDispatcherConfig(env: Environment = process.env) {
  const values = read(dispatcherNames, env);
  if (values.LEASE_MS < values.PROVIDER_TIMEOUT_MS * 1.5) {
    throw new ConfigError(
      `LEASE_MS=${values.LEASE_MS} must be at least 1.5 × PROVIDER_TIMEOUT_MS=${values.PROVIDER_TIMEOUT_MS}: the lease must outlive every request that starts under it.`,
    );
  }
  return {
    ...logAndStores(values),
    host: values.DISPATCHER_HOST,
    port: values.DISPATCHER_PORT,
    apiKeys: values.API_KEYS,
    provider: {
      url: values.PROVIDER_URL,
      token: values.PROVIDER_TOKEN,
      concurrency: values.PROVIDER_CONCURRENCY,
      timeoutMs: values.PROVIDER_TIMEOUT_MS,
      probeTimeoutMs: values.PROBE_TIMEOUT_MS,
    },
    retry: {
      maxAttempts: values.MAX_ATTEMPTS,
      backoffBaseMs: values.BACKOFF_BASE_MS,
      backoffCapMs: values.BACKOFF_CAP_MS,
    },
    sendGuardMs: values.SEND_GUARD_MS,
    lanes: values.DISPATCHER_LANES,
    grantSize: values.GRANT_SIZE,
    maxUnrecorded: values.MAX_UNRECORDED ?? 4 * values.PROVIDER_CONCURRENCY,
    leaseMs: values.LEASE_MS,
    ownerSilenceMs: values.OWNER_SILENCE_MS,
    pollMs: values.POLL_MS,
    flush: { rows: values.FLUSH_ROWS, ms: values.FLUSH_MS },
  };
}

/** What the simulated provider needs. Throws {@link ConfigError}. */
export function loadSimulatorConfig(env: Environment = process.env) {
  const values = read(simulatorNames, env);
  return {
    log: { level: values.LOG_LEVEL, format: values.LOG_FORMAT },
    host: values.SIMULATOR_HOST,
    port: values.SIMULATOR_PORT,
    controlPort: values.SIMULATOR_CONTROL_PORT,
    token: values.PROVIDER_TOKEN,
  };
}

/** The one address that migrations need. Throws {@link ConfigError}. */
export function loadDatabaseUrl(env: Environment = process.env): string {
  return read(['DATABASE_URL'], env).DATABASE_URL;
}

export type ApiConfig = ReturnType<typeof loadApiConfig>;
export type DispatcherConfig = ReturnType<typeof loadDispatcherConfig>;

/** Reads and validates the named settings; an empty variable counts as not set, as in compose files. */
export function read<Name extends SettingName>(
  names: readonly Name[],
  env: Environment,
): { [Key in Name]: z.output<(typeof settings)[Key]> } {
  const given = Object.fromEntries(names.map((name) => [name, valueOf(name, env)]));
  const schema = z.object(Object.fromEntries(names.map((name) => [name, settings[name]])));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const sentences = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return given[name] === undefined ? `${name} is not set.` : `${name}: ${issue.message}.`;
    });
    // A number may break two rules at once, which say the same.
    throw new ConfigError([...new Set(sentences)].join('\n'));
  }
  return parsed.data as { [Key in Name]: z.output<(typeof settings)[Key]> };
}

function valueOf(name: SettingName, env: Environment): string | undefined {
  const file = (secretSettings as readonly string[]).includes(name) ? env[`${name}_FILE`] : undefined;
  if (file === undefined || file === '') return env[name] === '' ? undefined : env[name];
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`${name}_FILE=${file} cannot be read: ${(error as Error).message}.`);
  }
}

function logAndStores(values: {
  LOG_LEVEL: z.output<typeof settings.LOG_LEVEL>;
  LOG_FORMAT: z.output<typeof settings.LOG_FORMAT>;
  DATABASE_URL: string;
  DATABASE_POOL_SIZE: number;
  NATS_URL: string[];
  NATS_REPLICAS: z.output<typeof settings.NATS_REPLICAS>;
}) {
  return {
    log: { level: values.LOG_LEVEL, format: values.LOG_FORMAT },
    database: { url: values.DATABASE_URL, poolSize: values.DATABASE_POOL_SIZE },
    nats: { servers: values.NATS_URL, replicas: Number(values.NATS_REPLICAS) },
  };
}

/** Whether a setting's host is this machine alone. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
