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
 * failure is the provider's, not the message's, so it never counts towards `maxAttempts`.
 */
export function effectOf(
  outcome: Outcome,
  message: { attempts: number },
  policy: { maxAttempts: number; probe: boolean },
): Effect {
  const attempts = message.attempts + (policy.probe ? 0 : 1);
  const usedUp = !policy.probe && attempts >= policy.maxAttempts;
  switch (outcome.kind) {
    case 'accepted':
      return { type: 'record', becomes: 'sent', ambiguous: false, attempts: message.attempts + 1 };
    case 'refused':
      return { type: 'record', becomes: 'failed', ambiguous: false, attempts: message.attempts + 1 };
    case 'notNow':
      return { type: 'record', becomes: usedUp ? 'failed' : 'pending', ambiguous: false, attempts };
    case 'ambiguous':
      return { type: 'record', becomes: usedUp ? 'unknown' : 'pending', ambiguous: true, attempts };
    case 'notSent':
    case 'throttled':
    case 'misconfigured':
      return { type: 'leave' };
  }
}
