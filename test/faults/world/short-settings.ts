/**
 * Settings with which faults take seconds instead of minutes. The proportions are those of the defaults: a
 * lease outlives two requests, a dispatcher is given up when it was silent for a good part of its lease.
 */
export const shortSettings = {
  LOG_LEVEL: 'info',
  PROVIDER_CONCURRENCY: '16',
  MAX_UNRECORDED: '64',
  GRANT_SIZE: '16',
  PROVIDER_TIMEOUT_MS: '2000',
  PROBE_TIMEOUT_MS: '1000',
  LEASE_MS: '5000',
  OWNER_SILENCE_MS: '2000',
  BACKOFF_BASE_MS: '400',
  BACKOFF_CAP_MS: '2000',
} satisfies Record<string, string>;
