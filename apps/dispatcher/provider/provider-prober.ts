import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import {
  type BreakerRow,
  closeBreaker,
  DEFAULT_PROVIDER,
  type Pause,
  reopenBreaker,
  takeProbe,
} from '#libs/messages';
import type { Outcome } from '#libs/provider';
import { DISPATCHER_CONFIG } from '../dispatcher-config.js';
import { DispatcherIdentity } from '../dispatcher-identity.js';
import type { Duty } from '../duties/duty.js';
import { ProbeSender } from '../sending/probe-sender.js';
import { mayBeOwn } from '../sending/outcome-effect.js';
import { isOfAnAnswer, isSuspicion, isThrottling, PROBES_THAT_AGREE, reasonOf } from './breaker-evidence.js';
import { ProviderBreaker } from './provider-breaker.js';

/** Milliseconds. A provider's return is noticed within the longest pause and the probe's own deadline. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 2_000;
/** How much longer than its request a probe may take before another dispatcher probes. */
const PROBE_MARGIN = 2_000;

type FailedProbe = Exclude<Outcome, { kind: 'accepted' | 'refused' | 'notNow' }>;

/** After one that is `in doubt` another recipient may well be served. */
export type ProbeResult = 'not due' | 'nothing to send' | 'in doubt' | 'failed' | 'answered';

/**
 * While the breaker is open, one dispatcher at a time sends one real message as a probe. Its failure burns no
 * attempt; an answer that shows the provider at work closes the breaker for everyone. What may be about single recipients is
 * asked of {@link PROBES_THAT_AGREE} others, one after the other, before anybody waits for it.
 */
@Injectable()
export class ProviderProber implements Duty<ProbeResult> {
  private readonly logger = new Logger(ProviderProber.name);

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly breaker: ProviderBreaker,
    private readonly sender: ProbeSender,
  ) {}

  /** Probes once if it is time to. */
  async runOnce(): Promise<ProbeResult> {
    if (!this.breaker.isOpen) return 'not due';
    const taken = await takeProbe(
      this.sql,
      DEFAULT_PROVIDER,
      this.identity.id,
      this.config.provider.probeTimeoutMs + PROBE_MARGIN,
    );
    if (!taken) {
      await this.breaker.runOnce();
      return 'not due';
    }
    this.breaker.adopt(taken);
    const outcome = await this.sender.sendOne({
      anyone: isOfAnAnswer(taken.reason),
      // By turns, as what is left of a mailing may all have had such an answer.
      unsuspectedFirst: taken.failedProbes % 2 === 0,
    });
    switch (outcome?.kind) {
      case 'accepted':
      case 'refused':
      case 'notNow': {
        const closed = await closeBreaker(this.sql, DEFAULT_PROVIDER, this.identity.id);
        if (closed) this.share(closed);
        return 'answered';
      }
      case 'throttled':
      case 'notSent':
      case 'ambiguous':
      case 'misconfigured': {
        // A probe that we withdrew ourselves says nothing about the provider.
        if (outcome.kind === 'notSent' && outcome.withdrawn) {
          await this.fail({ reason: null, retryInMs: FIRST_PAUSE });
          return 'nothing to send';
        }
        const pause = pauseAfter(outcome, taken);
        await this.fail(pause);
        return pause.retryInMs === 0 ? 'in doubt' : 'failed';
      }
      case undefined:
        await this.fail({ reason: null, retryInMs: FIRST_PAUSE });
        return 'nothing to send';
    }
  }

  private async fail(pause: Pause<string | null>): Promise<void> {
    const probe = { providerId: DEFAULT_PROVIDER, owner: this.identity.id };
    const row = await reopenBreaker(this.sql, probe, pause);
    if (!row) return;
    const { failedProbes } = row;
    this.logger.warn({ msg: 'the provider is still down', reason: pause.reason, failedProbes });
    this.share(row);
  }

  private share(row: Parameters<ProviderBreaker['adopt']>[0]): void {
    this.breaker.adopt(row);
    this.breaker.announce(row.version);
  }
}

/** The pause after a probe that failed: none while it may have met just one more recipient in trouble. */
function pauseAfter(outcome: FailedProbe, taken: BreakerRow): Pause {
  const askedForMs = outcome.kind === 'throttled' ? askedFor(outcome.retryAfterMs, taken) : 0;
  const failed = taken.failedProbes + 1;
  // How many of them say that it is about everybody.
  const agreeing = isSuspicion(outcome) && mayBeOwn(outcome) ? failed - PROBES_THAT_AGREE + 1 : failed;
  const pause = outcome.kind === 'throttled' ? askedForMs : Math.min(LONGEST_PAUSE, FIRST_PAUSE * agreeing);
  return { reason: reasonOf(outcome), retryInMs: agreeing < 1 ? 0 : pause, askedForMs };
}

/**
 * The pause that one more recipient was asked for, in milliseconds, as far as that is believed. A single one's long
 * pause is not everybody's, so it takes several that agree: up to twice what those before were told.
 */
function askedFor(retryAfterMs: number | undefined, { reason, askedForMs }: BreakerRow): number {
  const before = isThrottling(reason) ? (askedForMs ?? 0) : 0;
  return Math.min(retryAfterMs ?? LONGEST_PAUSE, Math.max(LONGEST_PAUSE, 2 * before));
}
