import type { DispatcherConfig } from '#libs/config';
import { isWantedAnyway } from '#libs/queue/lease';
import type { GrantedMessage } from '../grant/open-batch.js';
import { backOff, retryBucket } from './back-off.js';

export interface RetryTerms {
  /** Attempts that counted. */
  attempts: number;
  /** Requests that the wait grows with; those of the attempts that no person has judged, if not said. */
  tries?: number;
  /** Epoch milliseconds of the database's clock. */
  now: number;
  inDoubtSince: number | null;
  /** Milliseconds that the provider asked for. */
  askedForMs?: number | undefined;
}

/**
 * When a message is due again, drawn within its mailing's time and, if it is in doubt, while the provider still
 * knows its id; not before what the provider asked for. Instants are epoch milliseconds of the database's clock.
 */
export function retryTime(
  { batch, resolvedAttempts }: Pick<GrantedMessage, 'batch' | 'resolvedAttempts'>,
  { attempts, tries = attempts - resolvedAttempts, now, inDoubtSince, askedForMs = 0 }: RetryTerms,
  config: Pick<DispatcherConfig, 'retry' | 'provider' | 'sendGuardMs'>,
): number {
  const known = isWantedAnyway({ attempts, resolvedAttempts })
    ? Infinity
    : (inDoubtSince ?? Infinity) + batch.keyLifetimeMs - config.provider.timeoutMs;
  const lastStart = Math.min(batch.endAt - config.sendGuardMs, known);
  const drawnMs = backOff(
    Math.max(tries, 1),
    {
      baseMs: config.retry.backoffBaseMs,
      capMs: config.retry.backoffCapMs,
      remainingMs: lastStart - now,
    },
    Math.random(),
  );
  const waitMs = Math.max(drawnMs, askedForMs);
  return retryBucket(now + waitMs, waitMs, Math.min(lastStart, batch.notAfter - config.sendGuardMs));
}
