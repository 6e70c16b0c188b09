import { maskSecrets } from '#libs/masking';

/** What stands in for a secret; safe within a JSON string. */
const mask = '[redacted]';

/** Shorter ones may be words that any line holds. */
const SHORTEST_SECRET = 12;

/**
 * Takes secrets out of a finished log line, wherever in it they stand: the process's own by their value, others
 * by their form.
 */
export function redactor(secrets: readonly string[]): (line: string) => string {
  const known = secrets
    .flatMap((secret) => (secret.length < SHORTEST_SECRET ? [] : spellings(secret)))
    .toSorted((one, other) => other.length - one.length)
    .map((secret) => secret.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, String.raw`\$&`));
  const byValue = known.length > 0 ? new RegExp(known.join('|'), 'g') : undefined;
  return (line) => {
    const text = byValue ? line.replace(byValue, mask) : line;
    return maskSecrets(text);
  };
}

/** As it is, in an address, and within a JSON string. */
function spellings(secret: string): string[] {
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
}
