/*
 * What a mailing has to be for something to be done with it, as SQL over the row `m` of `mailings`. Statements ask in
 * these words, so that a status that is added later is thought of in one place.
 */

/** Begun, and something of it may be open still. Written as the index `mailings_unfinished` is, which finds these. */
export const unfinished = 'm.started_at IS NOT NULL AND m.finished_at IS NULL';

/** It may send, as far as its status goes: neither paused nor over, nor deleted. For a mailing that is named. */
export const maySend = "m.status = 'running' AND m.deleted_at IS NULL";

/** All mailings that {@link maySend}, found by their index. */
export const sending = `${unfinished} AND ${maySend}`;

/**
 * A request that starts now is early enough: `ends`, SQL of the instant that it has to precede, is further away than
 * the send guard. `guard` is the parameter with that in milliseconds, and `clock.now` the database's time.
 */
export function inTime(ends: string, guard: string): string {
  return `${ends} > clock.now + make_interval(secs => ${guard}::float8 / 1000)`;
}
