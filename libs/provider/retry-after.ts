/** Longest wait a provider can ask for, in ms: a stale or careless header must not stop sending for a day. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** Beyond this a value is a mistake (an epoch time given as seconds, say) and not a wish, in ms. */
const ABSURD_MS = 31 * 86_400_000;

const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3: whole seconds or an IMF-fixdate) as milliseconds from now, between 0
 * and {@link MAX_RETRY_AFTER_MS}. A date is held against the answer's own `Date`, and only without one against
 * `now` (epoch ms), so that a wrong clock on either side changes nothing. Anything else is undefined.
 */
export function retryAfterMs(value: string, date: string | undefined, now: number): number | undefined {
  const text = value.trim();
  if (/^\d+$/.test(text)) return bounded(Number(text) * 1000);
  const until = httpDate(text);
  if (until === undefined) return undefined;
  return bounded(until - (httpDate(date?.trim() ?? '') ?? now));
}

function bounded(wait: number): number | undefined {
  if (wait > ABSURD_MS) return undefined;
  return Math.min(Math.max(wait, 0), MAX_RETRY_AFTER_MS);
}

function httpDate(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
