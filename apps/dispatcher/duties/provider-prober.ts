import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import {
  type BreakerRow,
  closeBreaker,
  DEFAULT_PROVIDER,
  type Pause,
  reopenBreaker,
  type TakenProbe,
  takeProbe,
} from '#libs/providers/breaker';
import type { Outcome } from '#libs/providers/kinds';
import { isOfAnAnswer, reasonOf } from '../outlets/breaker-evidence.js';
import { ProviderBreaker } from '../outlets/provider-breaker.js';
import { isSuspicion, mayBeOwn } from '../outlets/suspicion.js';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';
import type { Duty } from '../process/duty.js';
import { ProbeSender } from '../take/probe-sender.js';

/** Milliseconds. A provider's return is noticed within the longest pause and the probe's own deadline. */
const FIRST_PAUSE = 1_000;

const LONGEST_PAUSE = 2_000;

/** Probes to further recipients that have to fail as well until what they were all answered is believed. */
const PROBES_THAT_AGREE = 3;

/** Milliseconds after the breaker opened in which a probe that begins still counts as one that left at once. */
const AT_ONCE = 1_000;

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
  /** Probes in a row that were called off: their turn is over all the same, or the next would meet the same batch. */
  private calledOff = 0;

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly breaker: ProviderBreaker,
    private readonly sender: ProbeSender,
  ) {}

  /** Probes once if it is time to. */
  async runOnce(): Promise<ProbeResult> {
    if (!this.breaker.isOpen) {
      this.calledOff = 0;
      return 'not due';
    }
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
    const probe = await this.sender.sendOne({
      anyone: isOfAnAnswer(taken.reason),
      // By turns, as what is left of a mailing may all have had such an answer.
      unsuspectedFirst: (taken.failedProbes + this.calledOff) % 2 === 0,
    });
    const outcome = probe?.outcome;
    // One that we withdrew ourselves says nothing about the provider.
    if (!outcome || (outcome.kind === 'notSent' && outcome.withdrawn)) {
      this.calledOff += 1;
      this.logger.debug({ msg: 'no probe could be sent', error: outcome?.error ?? 'nothing was granted' });
      await this.putOff({ reason: null, retryInMs: FIRST_PAUSE });
      return 'nothing to send';
    }
    this.calledOff = 0;
    switch (outcome.kind) {
      case 'accepted':
      case 'refused':
      case 'notNow': {
        const refuted = probe.wasUnsuspected && wasAtOnce(taken);
        const closed = await closeBreaker(this.sql, DEFAULT_PROVIDER, this.identity.id, refuted);
        if (closed) this.shareResult(closed);
        return 'answered';
      }
      case 'throttled':
      case 'notSent':
      case 'ambiguous':
      case 'misconfigured': {
        if (isInDoubt(outcome, taken)) {
          // What everybody is asked for is what those before were told, until as many say otherwise.
          await this.fail({ reason: reasonOf(outcome), retryInMs: 0, askedForMs: taken.askedForMs ?? 0 });
          return 'in doubt';
        }
        await this.fail(pauseAfter(outcome, taken));
        return 'failed';
      }
    }
  }

  private async fail(pause: Pause): Promise<void> {
    const row = await this.putOff(pause);
    if (!row) return;
    this.logger.warn({
      msg: 'the provider is still down',
      reason: pause.reason,
      failedProbes: row.failedProbes,
    });
  }

  private async putOff(pause: Pause<string | null>): Promise<BreakerRow | undefined> {
    const row = await reopenBreaker(
      this.sql,
      { providerId: DEFAULT_PROVIDER, owner: this.identity.id },
      pause,
    );
    if (row) this.shareResult(row);
    return row;
  }

  private shareResult(row: Parameters<ProviderBreaker['adopt']>[0]): void {
    this.breaker.adopt(row);
    this.breaker.announce(row.version);
  }
}

/** Whether a probe that failed may have met just one more recipient in trouble. */
function isInDoubt(outcome: FailedProbe, { failedProbes }: BreakerRow): boolean {
  return isSuspicion(outcome) && mayBeOwn(outcome) && failedProbes + 1 < PROBES_THAT_AGREE;
}

/**
 * Whether sending has only just stopped, over answers that may be about single recipients: too short a while for an
 * outage to have ended. Whoever had no such answer and is served then, refutes those over whom it stopped.
 */
function wasAtOnce({ reason, failedProbes, openForMs }: TakenProbe): boolean {
  return isOfAnAnswer(reason) && failedProbes < PROBES_THAT_AGREE && openForMs < AT_ONCE;
}

/** The pause after a probe that failed; after as many as have to agree it begins with the shortest. */
function pauseAfter(outcome: FailedProbe, taken: BreakerRow): Pause {
  const reason = reasonOf(outcome);
  if (outcome.kind === 'throttled') {
    const askedForMs = askedFor(outcome.retryAfterMs, taken);
    return { reason, retryInMs: Math.max(FIRST_PAUSE, askedForMs), askedForMs };
  }
  const askedForMs = taken.askedForMs ?? 0;
  const before = taken.failedProbes - (isSuspicion(outcome) ? PROBES_THAT_AGREE - 1 : 0);
  return { reason, retryInMs: Math.min(LONGEST_PAUSE, FIRST_PAUSE * (1 + before)), askedForMs };
}

/**
 * The pause that one more recipient was asked for, in milliseconds, as far as that is believed. A single one's long
 * pause is not everybody's, so it takes several that agree: up to twice what those before were told.
 */
function askedFor(retryAfterMs: number | undefined, taken: BreakerRow): number {
  return Math.min(retryAfterMs ?? LONGEST_PAUSE, Math.max(LONGEST_PAUSE, 2 * (taken.askedForMs ?? 0)));
}
