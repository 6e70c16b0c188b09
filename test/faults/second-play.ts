import type { Breach, Invariant } from './invariant.js';
import type { Result } from './scenario-run.js';

/** What a busy machine can break by itself. Loss, duplicates, counters, truth and ends are not among them. */
const times: ReadonlySet<Invariant> = new Set<Invariant>(['recovery', 'pace']);

/** Whether something broke, and nothing but times. */
export function brokeTimesOnly(breaches: readonly Breach[]): boolean {
  return breaches.length > 0 && breaches.every(({ invariant }) => times.has(invariant));
}

/**
 * Plays a scenario, and once more when nothing but a time broke. `tell` gets each result as it comes. The last result
 * counts; it carries what broke before.
 */
export async function playTwiceAtMost(
  play: (nth: 1 | 2) => Promise<Result>,
  tell: (result: Result) => void,
): Promise<Result> {
  const first = await play(1);
  tell(first);
  if (!brokeTimesOnly(first.breaches)) return first;
  const second = { ...(await play(2)), brokeBefore: first.breaches };
  tell(second);
  return second;
}
