import type { DispatcherConfig } from '#libs/config';
import { isWantedAnyway } from '#libs/messages';
import { backOff, retryBucket } from './back-off.js';
import type { GrantedMessage } from './open-batch.js';

/**
 * When a message is due again after `attempts` that counted, drawn within its mailing's time and, if it is in
 * doubt, while the provider still knows its id. Instants are epoch milliseconds of the database's clock.
 */
export function retryTime(
  { batch, resolvedAttempts }: Pick<GrantedMessage, 'batch' | 'resolvedAttempts'>,
  given: { attempts: number; now: number; inDoubtSince: number | null },
  config: Pick<DispatcherConfig, 'retry' | 'provider' | 'sendGuardMs'>,
): number {
  const { attempts, now, inDoubtSince } = given;
  const known = isWantedAnyway({ attempts, resolvedAttempts })
    ? Infinity
    : (inDoubtSince ?? Infinity) + batch.keyLifetimeMs - config.provider.timeoutMs;
  const lastStart = Math.min(batch.endAt - config.sendGuardMs, known);
  const waitMs = backOff(
    Math.max(attempts - resolvedAttempts, 1),
    {
      baseMs: config.retry.backoffBaseMs,
      capMs: config.retry.backoffCapMs,
      remainingMs: lastStart - now,
    },
    Math.random(),
  );
  return retryBucket(now + waitMs, waitMs, Math.min(lastStart, batch.notAfter - config.sendGuardMs));
}
