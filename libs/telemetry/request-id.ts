import { randomUUID } from 'node:crypto';

/** What may stand in a log line and in a header as it is; anything else is replaced. */
const acceptable = /^[\w.:-]{1,128}$/;

/** The caller's own request id if it is a sane one, else a new one. */
export function requestIdFrom(given: unknown): string {
  return typeof given === 'string' && acceptable.test(given) ? given : randomUUID();
}
