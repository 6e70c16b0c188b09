import { Injectable, Logger } from '@nestjs/common';
import { Sql } from '#libs/database';
import { type BreakerChanged, ControlBus, controlSubjects, type WitnessesRefuted } from '#libs/nats';
import {
  type BreakerRow,
  DEFAULT_PROVIDER,
  findBreaker,
  openBreaker,
  prolongOpenBreaker,
} from '#libs/providers/breaker';
import type { GrantedMessage } from '../grant/open-batch.js';
import { DutyTicker } from '../process/duty-ticker.js';
import type { Duty } from '../process/duty.js';
import { SendSwitch } from '../process/send-switch.js';
import { type Answered, BreakerEvidence, type BreakerVerdict, isOfAnAnswer } from './breaker-evidence.js';
import type { Suspect } from './suspects.js';
import { isSuspicion, mayBeOwn } from './suspicion.js';

/** What there is to know about a change: whether the provider was up all the time, and only refused to serve. */
export interface BreakerChange {
  open: boolean;
  wasAnswering: boolean;
}

const NONE: readonly never[] = [];

/**
 * This dispatcher's view of the provider's breaker. It opens on what this process sees, at once for itself
 * and by compare-and-set for everyone; it closes only when somebody's probe was answered.
 */
@Injectable()
export class ProviderBreaker implements Duty<BreakerRow> {
  private readonly logger = new Logger(ProviderBreaker.name);
  private readonly evidence = new BreakerEvidence<GrantedMessage>();
  private readonly listeners: ((change: BreakerChange) => void)[] = [];
  private row: BreakerRow | undefined;
  /** Why it is open, or was last. */
  private reason: string | null = null;
  /** What this process has seen and is telling to everyone. */
  private opening: BreakerVerdict | undefined;
  /** When sending stopped last, `performance.now()`. */
  private stoppedAt = Number.NEGATIVE_INFINITY;
  /** Until when the provider asked to be left alone, `performance.now()`; and how much of that is shared. */
  private peaceUntil = Number.NEGATIVE_INFINITY;
  private sharedUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly sql: Sql,
    private readonly bus: ControlBus,
    private readonly sendSwitch: SendSwitch,
    private readonly ticker: DutyTicker,
  ) {}

  get isOpen(): boolean {
    return this.sendSwitch.breakerOpen;
  }

  /** The shared row as it was last read. */
  get current(): BreakerRow | undefined {
    return this.row;
  }

  /** Calls `listener` whenever sending stops or goes on. */
  onChange(listener: (change: BreakerChange) => void): void {
    this.listeners.push(listener);
  }

  /**
   * Takes one outcome in, and returns the suspicious answers that prove to be their messages' own by it. What a
   * probe came to is for the prober to judge. What started before sending stopped last counts against nobody.
   */
  note(answered: Answered<GrantedMessage>): readonly Suspect<GrantedMessage>[] {
    this.evidence.noteServed(answered);
    if (answered.message.batch.probe) return NONE;
    const { outcome } = answered;
    if (this.isOpen) {
      if (isOfAnAnswer(this.reason)) this.evidence.noteLate(answered);
      // What was on the wire is told to wait too; for longer than the others were only if all of them agree.
      if (outcome.kind === 'throttled' && !mayBeOwn(outcome)) {
        this.prolong(Math.min(outcome.retryAfterMs ?? 0, this.askedForMs));
      }
      return NONE;
    }
    if (answered.startedAt < this.stoppedAt && isSuspicion(outcome)) return NONE;
    const own = this.evidence.findOwn(answered);
    const verdict = this.evidence.weigh(answered);
    if (verdict) this.stopSending(verdict);
    return own;
  }

  /** Milliseconds that those who agreed were told to wait. */
  private get askedForMs(): number {
    return (this.opening ?? this.row)?.askedForMs ?? 0;
  }

  /** Reads the shared breaker, and adopts it. Throws when Postgres is away. */
  async runOnce(): Promise<BreakerRow> {
    const row = await findBreaker(this.sql, DEFAULT_PROVIDER);
    this.adopt(row);
    return row;
  }

  /** Takes over a state that was just read or written; an older one than known is ignored. */
  adopt(row: BreakerRow): void {
    if (this.row && row.version < this.row.version) return;
    const wasProbed = this.row !== undefined && row.version > this.row.version;
    this.reason = row.reason ?? this.reason;
    this.row = row;
    if (this.opening) return;
    // Where nobody could be told that sending had stopped, no probe has shown anything.
    if (row.state === 'closed') this.resumeSending(row.refuted && wasProbed);
    else this.halt();
  }

  /** Tells the other dispatchers that the row has changed. */
  announce(version: number): void {
    const changed: BreakerChanged = { providerId: DEFAULT_PROVIDER, version };
    this.bus.announce(controlSubjects.breaker, changed);
  }

  private stopSending(verdict: BreakerVerdict): void {
    this.reason = verdict.reason;
    this.halt();
    this.logger.error({ msg: 'the provider is down: sending stops', reason: verdict.reason });
    void this.shareOpening(verdict);
  }

  private async shareOpening(verdict: BreakerVerdict): Promise<void> {
    this.opening = verdict;
    const peaceUntil = performance.now() + verdict.retryInMs;
    try {
      const row = await openBreaker(this.sql, DEFAULT_PROVIDER, verdict);
      this.opening = undefined;
      if (row) {
        this.adopt(row);
        this.announce(row.version);
      } else {
        // Another one was first, and for a reason of its own.
        this.peaceUntil = Math.max(this.peaceUntil, peaceUntil);
        await this.runOnce();
      }
      await this.sharePeace();
      this.ticker.nudge('provider-prober');
    } catch (error) {
      // Postgres is away, so no further grant succeeds either; the next refresh tells what is so.
      this.opening = undefined;
      this.sharedUntil = this.peaceUntil;
      this.logger.warn({ msg: 'the open breaker could not be shared', error: String(error) });
    }
  }

  private prolong(forMs: number): void {
    const sharing = this.peaceUntil > this.sharedUntil;
    this.peaceUntil = Math.max(this.peaceUntil, performance.now() + forMs);
    // Dozens ask at the same moment: while one is being told to everyone, the others wait and go in one.
    if (sharing || this.opening) return;
    void this.sharePeace().catch((error: unknown) => {
      this.logger.warn({ msg: 'a longer pause could not be shared', error: String(error) });
    });
  }

  private async sharePeace(): Promise<void> {
    try {
      while (this.peaceUntil > this.sharedUntil) {
        const until = this.peaceUntil;
        const forMs = until - performance.now();
        const version = await prolongOpenBreaker(this.sql, DEFAULT_PROVIDER, Math.max(0, forMs));
        this.sharedUntil = until;
        if (version !== undefined) this.announce(version);
      }
    } finally {
      this.sharedUntil = this.peaceUntil;
    }
  }

  /** Another dispatcher had to stop over these, though others were served: they are no witnesses here either. */
  noteRefuted(refuted: WitnessesRefuted): void {
    this.evidence.addRefuted(refuted, performance.now());
  }

  private halt(): void {
    if (this.isOpen) return;
    this.stoppedAt = performance.now();
    this.sendSwitch.breakerOpen = true;
    // What was seen before is no sign of a message's own trouble, whoever stopped.
    this.evidence.reset();
    this.tell();
  }

  private resumeSending(areRefuted: boolean): void {
    if (!this.isOpen) return;
    this.sendSwitch.breakerOpen = false;
    const { throttled, misconfigured } = this.evidence.resumed(areRefuted, performance.now());
    if (areRefuted && throttled.length + misconfigured.length > 0) {
      const refuted: WitnessesRefuted = { providerId: DEFAULT_PROVIDER, throttled, misconfigured };
      this.bus.announce(controlSubjects.refuted, refuted);
    }
    // As loud as the outage was: whoever saw that begin has to see it end.
    this.logger.warn({ msg: 'the provider is back: sending goes on' });
    this.tell();
  }

  private tell(): void {
    const change = { open: this.isOpen, wasAnswering: isOfAnAnswer(this.reason) };
    for (const listener of this.listeners) listener(change);
  }
}
