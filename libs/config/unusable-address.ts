import { ConfigError } from './config-error.js';

/** A database's address as it may be shown: without its password. */
export function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.password = '';
  if (url.searchParams.has('password')) url.searchParams.delete('password');
  return url.href;
}

/** Addresses of NATS, separated by commas, as they may be shown: a user without a password is a token. */
export function withoutLogins(natsUrls: string): string {
  return natsUrls
    .split(',')
    .map((text) => {
      const { protocol, username, password, host } = new URL(text);
      return password === '' ? `${protocol}//${host}` : `${protocol}//${username}@${host}`;
    })
    .join(',');
}

/** One sentence for a database that can't be reached or migrated: the setting that names it, and the reason. */
export function unusableDatabase(databaseUrl: string, error: unknown): ConfigError {
  return new ConfigError(
    `DATABASE_URL=${withoutPassword(databaseUrl)} cannot be brought up to date: ${reasonOf(error)}.`,
    { cause: error },
  );
}

/** A name with several IP addresses is refused with several errors and no message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
