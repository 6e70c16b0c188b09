import { ConfigError } from './config-error.js';

/** Addresses as they may be shown: several stay separated by commas, and none has its password. */
export function withoutPassword(urls: string): string {
  return urls
    .split(',')
    .map((text) => {
      const url = new URL(text);
      url.password = '';
      if (url.searchParams.has('password')) url.searchParams.delete('password');
      return url.href;
    })
    .join(',');
}

/** One sentence for a database that can't be reached or migrated: the setting that names it, and the reason. */
export function unusableDatabase(databaseUrl: string, error: unknown): ConfigError {
  return new ConfigError(
    `DATABASE_URL=${withoutPassword(databaseUrl)} can't be brought up to date: ${reasonOf(error)}.`,
    { cause: error },
  );
}

/** A name with several IP addresses is refused with several errors and no message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
