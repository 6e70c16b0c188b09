import type { AmbiguityPolicy } from '#libs/mailings';
import type { Outcome, Suspicion } from '#libs/providers/kinds';
import { mayBeOwn, OWN_THROTTLES_THAT_COUNT, type OwnAnswers } from '../outlets/suspicion.js';

/** What an outcome means for its message. */
export type Effect =
  /** Written to the database; `pending` with a retry after a back-off. */
  | {
      type: 'record';
      becomes: 'sent' | 'failed' | 'unknown' | 'pending';
      ambiguous: boolean;
      attempts: number;
    }
  /** Written as the reason why it waits, with a retry after a back-off; other recipients decide what it was about. */
  | { type: 'suspect'; answer: Suspicion }
  /** Nothing happened to it: it stays in its batch and no attempt is burned. */
  | { type: 'leave' };

/** From so many own answers on, the provider's body is believed: once may have been an outage that just ended. */
const OWN_REFUSALS_THAT_END = 2;

/** What the columns of the counts can take. */
const MOST_COUNTED = 32_767;

/** What was known of a message when it was granted. */
interface Granted {
  attempts: number;
  resolvedAttempts: number;
}

/**
 * The one place where an outcome becomes a decision. `attempts` counts those before this one. A probe's
 * failure is the provider's, not the message's, so it never counts towards `maxAttempts`; nor do attempts that
 * a person has judged. An answer that leaves a message in doubt ends it where the mailing says `hold`, and so is an
 * attempt. What a suspicious answer means is decided by {@link effectOfOwn}, once it proved to be the message's own.
 */
export function effectOf(
  outcome: Outcome,
  message: Granted,
  policy: { maxAttempts: number; probe: boolean; onAmbiguous: AmbiguityPolicy },
): Effect {
  const attempts = message.attempts + (policy.probe ? 0 : 1);
  const usedUp = !policy.probe && isUsedUp(attempts, message, policy);
  switch (outcome.kind) {
    case 'accepted':
      return { type: 'record', becomes: 'sent', ambiguous: false, attempts: message.attempts + 1 };
    case 'refused':
      return { type: 'record', becomes: 'failed', ambiguous: false, attempts: message.attempts + 1 };
    case 'notNow':
      return { type: 'record', becomes: usedUp ? 'failed' : 'pending', ambiguous: false, attempts };
    case 'ambiguous':
      if (policy.onAmbiguous === 'hold') {
        return { type: 'record', becomes: 'unknown', ambiguous: true, attempts: message.attempts + 1 };
      }
      return { type: 'record', becomes: usedUp ? 'unknown' : 'pending', ambiguous: true, attempts };
    case 'throttled':
    case 'misconfigured':
      return { type: 'suspect', answer: outcome };
    case 'notSent':
      return { type: 'leave' };
  }
}

export interface OwnEffect extends OwnAnswers {
  becomes: 'pending' | 'failed';
  attempts: number;
}

/**
 * What a suspicious answer means once another recipient was served by a request that started after it: it was the
 * message's own, and counts as an attempt. A 429 counts from the third on, as a limit of the provider's that is
 * slightly exceeded looks the same. The provider's own body ends the message when it was refused before. A 503 that
 * asks for a pause is never a message's own: undefined.
 */
export function effectOfOwn(
  suspicion: Suspicion,
  message: Granted & OwnAnswers,
  policy: { maxAttempts: number },
): OwnEffect | undefined {
  if (!mayBeOwn(suspicion)) return undefined;
  const isRefusal = suspicion.kind === 'misconfigured';
  const ownThrottles = countUp(message.ownThrottles, !isRefusal);
  const ownRefusals = countUp(message.ownRefusals, isRefusal);
  const counts = isRefusal || ownThrottles >= OWN_THROTTLES_THAT_COUNT;
  const attempts = message.attempts + (counts ? 1 : 0);
  const refused = isRefusal && suspicion.refuses === true && ownRefusals >= OWN_REFUSALS_THAT_END;
  const ends = refused || (counts && isUsedUp(attempts, message, policy));
  return { becomes: ends ? 'failed' : 'pending', attempts, ownThrottles, ownRefusals };
}

/** One more, as far as the column goes: what waits without an end may get an answer a second for months. */
export function countUp(count: number, applies = true): number {
  return Math.min(count + (applies ? 1 : 0), MOST_COUNTED);
}

function isUsedUp(attempts: number, message: Granted, { maxAttempts }: { maxAttempts: number }): boolean {
  return attempts - message.resolvedAttempts >= maxAttempts;
}
