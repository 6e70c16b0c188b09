import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import { databaseUrl, host, natsServers, providerToken, providerUrl } from './addresses.js';
import { apiKeys } from './api-keys.js';

/** A number with one sentence for whatever is wrong with it. */
const wholeNumber = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
};

/** Whole milliseconds between `min` and `max`, with a default. */
const milliseconds = (byDefault: number, min: number, max: number) =>
  wholeNumber(min, max).default(byDefault);

const count = (byDefault: number, min: number, max: number) => wholeNumber(min, max).default(byDefault);

const port = (byDefault: number) => wholeNumber(0, 65535).default(byDefault);

const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` });

/**
 * Every environment variable the service reads, once. `.env.example` says what each is for, with its unit,
 * default and reason; a test holds the two against each other.
 */
export const settings = {
  LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent').default('info'),
  LOG_FORMAT: oneOf('auto', 'json', 'pretty').default('auto'),

  DATABASE_URL: databaseUrl,
  DATABASE_POOL_SIZE: count(10, 2, 200),
  DATABASE_READ_URL: databaseUrl.optional(),
  NATS_URL: natsServers.default(['nats://127.0.0.1:4222']),
  NATS_REPLICAS: oneOf('1', '3', '5').default('1'),

  HOST: host.default('127.0.0.1'),
  PORT: port(3000),
  API_KEYS: apiKeys,
  DEFAULT_COUNTRY: z
    .string()
    .refine((value) => isSupportedCountry(value), {
      message: 'must be the two capital letters of a country, as in ISO 3166, such as DE',
    })
    .optional(),

  DISPATCHER_HOST: host.default('127.0.0.1'),
  DISPATCHER_PORT: port(0),
  PROVIDER_URL: providerUrl,
  PROVIDER_TOKEN: providerToken,
  PROVIDER_CONCURRENCY: count(64, 1, 4096),
  PROVIDER_TIMEOUT_MS: milliseconds(10_000, 100, 120_000),
  PROBE_TIMEOUT_MS: milliseconds(3_000, 100, 3_000),
  MAX_ATTEMPTS: count(20, 1, 1_000),
  BACKOFF_BASE_MS: milliseconds(1_000, 10, 60_000),
  BACKOFF_CAP_MS: milliseconds(300_000, 10, 86_400_000),
  SEND_GUARD_MS: milliseconds(500, 0, 60_000),
  DISPATCHER_LANES: count(4, 1, 64),
  GRANT_SIZE: count(64, 1, 500),
  MAX_UNRECORDED: wholeNumber(1, 16_384).optional(),
  LEASE_MS: milliseconds(30_000, 1_000, 600_000),
  OWNER_SILENCE_MS: milliseconds(10_000, 500, 600_000),
  POLL_MS: milliseconds(1_000, 50, 2_000),
  FLUSH_ROWS: count(128, 1, 1_000),
  FLUSH_MS: milliseconds(8, 1, 1_000),

  SIMULATOR_HOST: host.default('127.0.0.1'),
  SIMULATOR_PORT: port(3100),
  SIMULATOR_CONTROL_PORT: port(3101),

  EMS_DEMO: oneOf('on', 'off').default('on'),
  DISPATCHERS: wholeNumber(1, 16).optional(),
  EMS_DATA_DIR: z.string().min(1).default('.data'),
} as const;

export type SettingName = keyof typeof settings;

/** Settings that may also be given as a file's content, by the same name with `_FILE` behind it. */
export const secretSettings = [
  'DATABASE_URL',
  'DATABASE_READ_URL',
  'NATS_URL',
  'API_KEYS',
  'PROVIDER_TOKEN',
] as const satisfies SettingName[];
