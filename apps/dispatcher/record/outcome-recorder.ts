import { setTimeout as wait } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { isConnectionError, Sql } from '#libs/database';
import type { Delivery, Outcome, Suspicion } from '#libs/providers/kinds';
import {
  type MessageOutcome,
  type OutcomeWriter,
  recordOutcomes,
  recordSentAndGrantSlice,
} from '#libs/queue/record';
import { DispatcherMetrics } from '#libs/telemetry';
import type { Ending, GrantedMessage } from '../grant/open-batch.js';
import type { PiggybackedGrant } from '../grant/piggybacked-grant.js';
import { UnrecordedCap } from '../grant/unrecorded-cap.js';
import type { Suspect } from '../outlets/suspects.js';
import { DatabaseClock } from '../process/database-clock.js';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';
import { countUp, type Effect, effectOf, effectOfOwn } from './outcome-effect.js';
import { retryTime } from './retry-time.js';

interface Unrecorded {
  message: GrantedMessage;
  /** For the batch's tally; absent when the message has left its batch already. */
  kind?: Ending;
  outcome: MessageOutcome;
}

/** Milliseconds between tries while Postgres is away. */
const SHORTEST_PAUSE = 50;

const LONGEST_PAUSE = 1_000;

/**
 * Collects what came back and writes it in sets, one set at a time. While Postgres is away the answers wait
 * here; there are never more than the cap on unrecorded messages, since none is granted without a place.
 */
@Injectable()
export class OutcomeRecorder {
  private readonly logger = new Logger(OutcomeRecorder.name);
  private readonly writer: OutcomeWriter;
  private readonly buffer: Unrecorded[] = [];
  private readonly logsEachMessage: boolean;
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> | undefined;

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly clock: DatabaseClock,
    private readonly metrics: DispatcherMetrics,
    private readonly cap: UnrecordedCap,
  ) {
    cap.onWait = () => this.schedule();
    this.logsEachMessage = config.log.level === 'debug' || config.log.level === 'trace';
    this.writer = { dispatcherId: identity.id, shard: 0, retryBatches: new Map() };
  }

  /** Takes what one request came to. */
  record(message: GrantedMessage, { outcome, latencyMs }: Delivery): void {
    const { batch } = message;
    // What we called off ourselves, over a pause or an end, is no failed attempt.
    if (outcome.kind === 'notSent' && outcome.withdrawn) {
      this.returnUnsent(message, 'returned');
      return;
    }
    this.metrics.delivered(outcome.kind, latencyMs / 1000);
    if (outcome.kind !== 'accepted') {
      this.logger.warn({
        msg: 'attempt failed',
        mailingId: batch.mailingId,
        messageId: message.id,
        clientId: message.clientId,
        batchId: batch.id,
        outcome: outcome.kind,
        error: outcome.error,
        probe: batch.probe,
      });
    } else if (this.logsEachMessage) {
      this.logger.debug({
        msg: 'sent',
        mailingId: batch.mailingId,
        messageId: message.id,
        clientId: message.clientId,
        batchId: batch.id,
      });
    }
    const effect = effectOf(outcome, message, {
      maxAttempts: this.config.retry.maxAttempts,
      probe: batch.probe,
      onAmbiguous: batch.onAmbiguous,
    });
    if (effect.type === 'leave') {
      this.returnUnsent(message, outcome.kind);
      return;
    }
    this.buffer.push({
      message,
      kind: outcome.kind,
      outcome:
        effect.type === 'suspect'
          ? this.suspicionOf(message, effect.answer)
          : this.outcomeOf(message, outcome, effect, latencyMs),
    });
    this.schedule();
  }

  /** Takes a suspicious answer that {@link record} has had before and that proved to be its message's own. */
  recordOwn({ message, answer, latencyMs }: Suspect<GrantedMessage>): void {
    const effect = effectOfOwn(answer, message, this.config.retry);
    if (!effect) return;
    const { becomes, attempts, ownThrottles: throttles, ownRefusals: refusals } = effect;
    const outcome: MessageOutcome = {
      ...this.basisOf(message),
      becomes,
      attempts,
      own: { throttles, refusals },
      error: answer.error,
      ...(attempts === message.attempts ? {} : { attempt: attemptOf(answer, latencyMs) }),
    };
    this.buffer.push({ message, outcome });
    this.schedule();
  }

  private basisOf({ id: messageId, batch: source, attempts }: GrantedMessage) {
    return { messageId, source, number: attempts + 1, at: this.clock.now() };
  }

  /** It waits elsewhere, and the wait grows with each, counted or not. */
  private suspicionOf(message: GrantedMessage, answer: Suspicion): MessageOutcome {
    const { attempts, resolvedAttempts, inDoubtSince } = message;
    const basis = this.basisOf(message);
    const suspicions = countUp(message.suspicions);
    const tries = Math.max(suspicions, attempts + 1 - resolvedAttempts);
    const askedForMs = answer.kind === 'throttled' ? answer.retryAfterMs : undefined;
    const terms = { attempts, tries, now: basis.at, inDoubtSince, askedForMs };
    const retryAt = retryTime(message, terms, this.config);
    return { ...basis, becomes: 'pending', attempts, suspicions, retryAt, error: answer.error };
  }

  private outcomeOf(
    message: GrantedMessage,
    outcome: Outcome,
    effect: Extract<Effect, { type: 'record' }>,
    latencyMs: number,
  ): MessageOutcome {
    const { becomes, attempts } = effect;
    const at = this.clock.now();
    const number = message.attempts + 1;
    const base = { messageId: message.id, source: message.batch, number, becomes, attempts, at };
    if (outcome.kind === 'accepted') return base;
    // Not the request's start: that is extrapolated, and may be ahead of the database while that is slow.
    const inDoubtSince = effect.ambiguous ? message.grantedAt : null;
    const doubt = message.inDoubtSince ?? inDoubtSince;
    return {
      ...base,
      ...(inDoubtSince === null ? {} : { inDoubtSince }),
      ...(becomes === 'pending'
        ? { retryAt: retryTime(message, { attempts, now: at, inDoubtSince: doubt }, this.config) }
        : {}),
      error: outcome.error,
      ...(attempts === message.attempts ? {} : { attempt: attemptOf(outcome, latencyMs) }),
    };
  }

  /**
   * Returns a granted message that the provider surely did not take: nothing is written, it stays pending in its
   * batch. With `onAmbiguous: "hold"` it goes to another batch: in this one it would end as `unknown` if this process
   * died.
   */
  returnUnsent(message: GrantedMessage, how: Ending): void {
    if (message.batch.onAmbiguous === 'resend') message.batch.settleUnsent(how);
    else this.setAside(message, how);
  }

  private setAside(message: GrantedMessage, how: Ending): void {
    const { attempts, inDoubtSince } = message;
    const basis = this.basisOf(message);
    const retryAt = retryTime(message, { attempts: 0, now: basis.at, inDoubtSince }, this.config);
    const outcome: MessageOutcome = { ...basis, attempts, becomes: 'pending', retryAt };
    this.buffer.push({ message, kind: how, outcome });
    this.schedule();
  }

  /** Writes everything that waits; resolves when it is committed, however long Postgres is away. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.flushing ??= this.writeAll().finally(() => {
      this.flushing = undefined;
      this.schedule();
    });
    await this.flushing;
  }

  private schedule(): void {
    if (this.flushing || this.buffer.length === 0) return;
    if (this.buffer.length >= this.worthWriting) void this.flush();
    else this.timer ??= setTimeout(() => void this.flush(), this.config.flush.ms);
  }

  /** Sooner than a full set when that lets somebody grant who waits: sending would stand still for the timer. */
  private get worthWriting(): number {
    const { rows } = this.config.flush;
    return this.cap.missing > 0 ? Math.min(this.cap.missing, rows) : rows;
  }

  private async writeAll(): Promise<void> {
    do {
      await this.writeSet(this.buffer.splice(0, this.config.flush.rows));
    } while (this.buffer.length >= this.config.flush.rows);
  }

  private async writeSet(rows: readonly Unrecorded[]): Promise<void> {
    if (rows.length === 0) return;
    const startedAt = performance.now();
    this.writer.shard = this.identity.shard;
    const outcomes = rows.map((row) => row.outcome);
    let piggyback = outcomes.every(({ becomes }) => becomes === 'sent')
      ? this.cap.admitPiggyback(outcomes.length)
      : undefined;
    for (let pause = SHORTEST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        await this.writeOutcomes(outcomes, piggyback);
        break;
      } catch (error) {
        piggyback?.fail(error);
        piggyback = undefined;
        // Whatever went wrong, to forget an outcome would double or lose a message: try until it is written.
        const reason = isConnectionError(error) ? 'Postgres is away' : 'outcomes could not be recorded';
        this.logger.error({ msg: `${reason}; ${rows.length} outcomes wait`, error: String(error) });
        await wait(pause);
      }
    }
    this.metrics.flushed(rows.length, (performance.now() - startedAt) / 1000);
    for (const { message, kind, outcome } of rows) {
      if (kind !== undefined) message.batch.settle(kind);
      if (outcome.becomes !== 'pending') this.metrics.ended(outcome.becomes);
    }
  }

  /** Takes a grant along, if there is one; `outcomes` are then all `sent`. */
  private async writeOutcomes(
    outcomes: readonly MessageOutcome[],
    piggyback: PiggybackedGrant | undefined,
  ): Promise<void> {
    if (!piggyback) return void (await recordOutcomes(this.sql, this.writer, outcomes));
    const { shard } = this.writer;
    const { recorded, grant } = await recordSentAndGrantSlice(this.sql, shard, outcomes, piggyback.request);
    if (recorded < outcomes.length) await recordOutcomes(this.sql, this.writer, outcomes);
    piggyback.complete(grant);
  }
}

/** As the log of attempts has it. */
function attemptOf(
  outcome: Exclude<Outcome, { kind: 'accepted' }>,
  latencyMs: number,
): NonNullable<MessageOutcome['attempt']> {
  const httpStatus = ('httpStatus' in outcome ? outcome.httpStatus : null) ?? null;
  return { outcome: outcome.kind, httpStatus, latencyMs };
}
