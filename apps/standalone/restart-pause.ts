const shortestMs = 250;
const longestMs = 30_000;

/** A service that ran this long was well: its next end counts as the first again. */
export const steadyAfterMs = 60_000;

/**
 * How long to wait, in milliseconds, before a service that ended is started again, by how often it ended in a
 * row: 250, 500, 1,000, 2,000 ... up to 30,000.
 */
export function restartPauseMs(endsInARow: number): number {
  return Math.min(longestMs, shortestMs * 2 ** (endsInARow - 1));
}
