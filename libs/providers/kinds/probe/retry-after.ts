import { httpDate } from './http-date.js';

/** Longest wait a provider can ask for, in ms: a stale or careless header must not stop sending for a day. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** Beyond this a value is a mistake (an epoch time given as seconds, say) and not a wish, in ms. */
const ABSURD_MS = 31 * 86_400_000;

/** Whole seconds by the standard; decimals, a unit and quotes are what some send instead. */
const WAIT =
  /^(?<quote>"?)\+?(?<amount>\d+(?:\.\d+)?) ?(?<unit>ms|milliseconds?|s|secs?|seconds?|)\k<quote>$/i;

/** An instant of RFC 3339, with its offset: without one it could be anywhere. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i;

/**
 * Reads `Retry-After` as milliseconds from now, between 0 and {@link MAX_RETRY_AFTER_MS}: whole seconds or an HTTP
 * date (RFC 9110 §10.2.3), and of what else is seen whatever means one thing only. That is `30.5`, `30s`, `1500 ms`,
 * `"30"`, each rounded up to whole seconds, and an RFC 3339 instant. A date is held against the answer's own `Date`,
 * and only without one against `now` (epoch ms), so that a wrong clock on either side changes nothing. Anything else
 * is undefined.
 */
export function retryAfterMs(value: string, date: string | undefined, now: number): number | undefined {
  const text = value.trim();
  const wait = WAIT.exec(text)?.groups;
  if (wait !== undefined) {
    const isMilliseconds = wait['unit']?.toLowerCase().startsWith('m') === true;
    return bounded(Math.ceil(Number(wait['amount']) / (isMilliseconds ? 1000 : 1)) * 1000);
  }
  const until = INSTANT.test(text) ? instantOf(text) : httpDate(text, now);
  if (until === undefined) return undefined;
  return bounded(until - (httpDate(date?.trim() ?? '', now) ?? now));
}

function bounded(wait: number): number | undefined {
  if (wait > ABSURD_MS) return undefined;
  return Math.min(Math.max(wait, 0), MAX_RETRY_AFTER_MS);
}

function instantOf(text: string): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
