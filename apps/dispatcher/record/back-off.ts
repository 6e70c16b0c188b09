export interface BackOffTerms {
  /** Milliseconds; the ceiling of the first wait. */
  baseMs: number;
  /** Milliseconds; no ceiling grows past it. */
  capMs: number;
  /** Milliseconds in which the retry could still start. */
  remainingMs: number;
}

/**
 * How long a message waits before its next attempt, after `attempts` that counted. Exponential with full
 * jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): uniform between a quarter
 * of the base and the ceiling `min(cap, base × 2^(attempts − 1))`.
 *
 * With the defaults (1 s, 5 min) the ceilings are 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 … s: 20 attempts
 * take 29 minutes on average. A wait that would pass the end is drawn from the time that remains instead;
 * where not even the shortest wait fits, the drawn one is returned and the message expires.
 *
 * @param random uniform in [0, 1)
 * @returns whole milliseconds
 */
export function backOff(attempts: number, terms: BackOffTerms, random: number): number {
  const shortest = terms.baseMs / 4;
  const ceiling = Math.min(terms.capMs, terms.baseMs * 2 ** Math.min(attempts - 1, 40));
  const between = (longest: number) => Math.round(shortest + random * Math.max(longest - shortest, 0));
  const drawn = between(ceiling);
  if (drawn <= terms.remainingMs || terms.remainingMs <= shortest) return drawn;
  return between(terms.remainingMs);
}

/**
 * The due time of a retry, rounded up so that retries share batches: to a quarter of the wait, at least
 * 100 ms and at most 5 s. Never before `dueAt`, and past `latest` only if `dueAt` is; whole milliseconds.
 */
export function retryBucket(dueAt: number, waitMs: number, latest: number): number {
  const width = Math.min(5_000, Math.max(100, waitMs / 4));
  const rounded = Math.ceil(dueAt / width) * width;
  return Math.ceil(rounded <= latest ? rounded : Math.max(dueAt, latest));
}
