import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { type BreakerRow, closeBreaker, DEFAULT_PROVIDER, reopenBreaker, takeProbe } from '#libs/messages';
import { DISPATCHER_CONFIG } from '../dispatcher-config.js';
import { DispatcherIdentity } from '../dispatcher-identity.js';
import type { Duty } from '../duties/duty.js';
import { ProbeSender } from '../sending/probe-sender.js';
import { isOfAnAnswer, isThrottling, reasonOf } from './breaker-evidence.js';
import { ProviderBreaker } from './provider-breaker.js';

/** Milliseconds. A provider's return is noticed within the longest pause and the probe's own deadline. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 2_000;
/** How much longer than its request a probe may take before another dispatcher probes. */
const PROBE_MARGIN = 2_000;

export type ProbeResult = 'not due' | 'nothing to send' | 'failed' | 'answered';

/**
 * While the breaker is open, one dispatcher at a time sends one real message as a probe. Its failure burns no
 * attempt; an answer that shows the provider at work closes the breaker for everyone.
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
    const outcome = await this.sender.sendOne(isOfAnAnswer(taken.reason));
    switch (outcome?.kind) {
      case 'accepted':
      case 'refused':
      case 'notNow': {
        const closed = await closeBreaker(this.sql, DEFAULT_PROVIDER, this.identity.id);
        if (closed) this.share(closed);
        return 'answered';
      }
      case 'throttled':
        await this.fail(
          reasonOf(outcome),
          Math.min(outcome.retryAfterMs ?? LONGEST_PAUSE, believedAfter(taken)),
        );
        return 'failed';
      case 'notSent':
      case 'ambiguous':
      case 'misconfigured':
        // A probe that we withdrew ourselves says nothing about the provider.
        if (outcome.kind === 'notSent' && outcome.withdrawn) {
          await this.fail(null, FIRST_PAUSE);
          return 'nothing to send';
        }
        await this.fail(reasonOf(outcome), Math.min(LONGEST_PAUSE, FIRST_PAUSE * (1 + taken.failedProbes)));
        return 'failed';
      case undefined:
        await this.fail(null, FIRST_PAUSE);
        return 'nothing to send';
    }
  }

  private async fail(reason: string | null, retryInMs: number): Promise<void> {
    const row = await reopenBreaker(this.sql, {
      providerId: DEFAULT_PROVIDER,
      owner: this.identity.id,
      reason,
      retryInMs,
    });
    if (!row) return;
    this.logger.warn({ msg: 'the provider is still down', reason, failedProbes: row.failedProbes });
    this.share(row);
  }

  private share(row: Parameters<ProviderBreaker['adopt']>[0]): void {
    this.breaker.adopt(row);
    this.breaker.announce(row.version);
  }
}

/**
 * The longest pause that one more recipient is believed, in milliseconds. A single one's long pause is not
 * everybody's, so it takes several that agree: up to twice what those before were told.
 */
function believedAfter({ reason, pausedForMs }: BreakerRow): number {
  return Math.max(LONGEST_PAUSE, isThrottling(reason) ? 2 * (pausedForMs ?? 0) : 0);
}
