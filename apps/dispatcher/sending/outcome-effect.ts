import type { AmbiguityPolicy } from '#libs/mailings';
import type { Outcome } from '#libs/provider';

/** What an outcome means for its message. */
export type Effect =
  /** Written to the database; `pending` with a retry after a back-off. */
  | {
      type: 'record';
      becomes: 'sent' | 'failed' | 'unknown' | 'pending';
      ambiguous: boolean;
      attempts: number;
    }
  /** Nothing happened to it: it stays in its batch and no attempt is burned. */
  | { type: 'leave' };

/**
 * The one place where an outcome becomes a decision. `attempts` counts those before this one. A probe's
 * failure is the provider's, not the message's, so it never counts towards `maxAttempts`; nor do attempts that
 * a person has judged. One that leaves a held mailing's message in doubt ends it, and so is an attempt.
 */
export function effectOf(
  outcome: Outcome,
  message: { attempts: number; resolvedAttempts: number },
  policy: { maxAttempts: number; probe: boolean; onAmbiguous: AmbiguityPolicy },
): Effect {
  const attempts = message.attempts + (policy.probe ? 0 : 1);
  const usedUp = !policy.probe && attempts - message.resolvedAttempts >= policy.maxAttempts;
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
    case 'notSent':
    case 'throttled':
    case 'misconfigured':
      return { type: 'leave' };
  }
}
