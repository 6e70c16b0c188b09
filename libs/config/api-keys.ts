import { createHash } from 'node:crypto';
import { z } from 'zod';

/** A key of those who may ask, and the name by which logs speak of whoever holds it. */
export interface ApiKey {
  readonly name: string;
  readonly key: string;
}

const SHORTEST_KEY = 16;
const NAME = /^[\w.-]{1,40}$/;
/** What an HTTP header carries unchanged; Node reads other bytes as Latin-1, so such a key would never be right. */
const PRINTABLE_ASCII = /^[!-~]+$/;

/**
 * `API_KEYS`: entries separated by commas or white space, each `key` or `name:key`; the first colon ends the name, so
 * a key that holds one needs a name. A key without a name is called `key-` and the first six hex digits of its
 * SHA-256. Errors name an entry by its name or its place, never by its key.
 */
export const apiKeys = z
  .string()
  .default('')
  .transform((value, context): ApiKey[] => {
    const entries = value.split(/[\s,]+/).filter((entry) => entry !== '');
    const keys = entries.map(toApiKey);
    const trouble = keys.map((key, place) => wrongIn(key, place)).find((sentence) => sentence !== undefined);
    const message = trouble ?? alike(keys);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
    return keys;
  });

function toApiKey(entry: string): ApiKey {
  const colon = entry.indexOf(':');
  if (colon >= 0) return { name: entry.slice(0, colon), key: entry.slice(colon + 1) };
  return { name: `key-${createHash('sha256').update(entry).digest('hex').slice(0, 6)}`, key: entry };
}

function wrongIn({ name, key }: ApiKey, place: number): string | undefined {
  if (!NAME.test(name)) {
    return `entry ${place + 1} has a colon, so it needs a name before the colon: 1 to 40 of A-Z, a-z, 0-9, ".", "_" and "-", as in name:key`;
  }
  if (!PRINTABLE_ASCII.test(key) && key !== '') {
    return `the key of entry ${place + 1} must be printable ASCII: a header carries nothing else unchanged`;
  }
  // The name of a key without one says nothing to people.
  const which = name.startsWith('key-') ? `entry ${place + 1}` : name;
  return key.length >= SHORTEST_KEY
    ? undefined
    : `each key must have at least ${SHORTEST_KEY} characters, but the key of ${which} has ${key.length}`;
}

/** Two of one name, or one key under two names, would leave open who asked. */
function alike(keys: readonly ApiKey[]): string | undefined {
  for (const [place, { name, key }] of keys.entries()) {
    const first = keys.findIndex((other) => other.name === name || other.key === key);
    if (first === place) continue;
    return keys[first]?.key === key
      ? `entries ${first + 1} and ${place + 1} are the same key`
      : `entries ${first + 1} and ${place + 1} are both named ${name}: give each key its own name`;
  }
  return undefined;
}
