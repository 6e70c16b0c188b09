import type { Outcome, Suspicion } from '#libs/providers/kinds';

/** 429s that proved to be about one recipient, from which on each counts as an attempt. */
export const OWN_THROTTLES_THAT_COUNT = 3;

const TOO_MANY_REQUESTS = 429;

/** How many suspicious answers proved to be a message's own. */
export interface OwnAnswers {
  ownThrottles: number;
  ownRefusals: number;
}

/** Whether an outcome is an answer that is about its recipient or about everybody. */
export function isSuspicion(outcome: Outcome): outcome is Suspicion {
  return outcome.kind === 'throttled' || outcome.kind === 'misconfigured';
}

/** Whether a suspicious answer may be about its recipient alone. A 503 that asks for a pause is about everybody. */
export function mayBeOwn(suspicion: Suspicion): boolean {
  return suspicion.kind === 'misconfigured' || suspicion.httpStatus === TOO_MANY_REQUESTS;
}

/**
 * Whether a suspicious answer to a message may be about everybody. One whose answers of that kind proved to be its
 * own says nothing about the others any more.
 */
export function isWitness(suspicion: Suspicion, { ownThrottles, ownRefusals }: OwnAnswers): boolean {
  return suspicion.kind === 'throttled' ? ownThrottles < OWN_THROTTLES_THAT_COUNT : ownRefusals === 0;
}
