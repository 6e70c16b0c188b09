import { Injectable, Logger } from '@nestjs/common';
import { Sql } from '#libs/database';
import {
  type BreakerRow,
  DEFAULT_PROVIDER,
  findBreaker,
  openBreaker,
  prolongOpenBreaker,
} from '#libs/messages';
import { type BreakerChanged, ControlBus, controlSubjects } from '#libs/nats';
import type { Outcome } from '#libs/provider';
import type { Duty } from '../duties/duty.js';
import { SendGate } from '../sending/send-gate.js';
import { BreakerEvidence } from './breaker-evidence.js';

/** Milliseconds until the first probe after the breaker opened. */
const FIRST_PROBE_AFTER = 1_000;

/**
 * This dispatcher's view of the provider's breaker. It opens on what this process sees, at once for itself
 * and by compare-and-set for everyone; it closes only when somebody's probe was answered.
 */
@Injectable()
export class ProviderBreaker implements Duty<BreakerRow> {
  private readonly logger = new Logger(ProviderBreaker.name);
  private readonly evidence = new BreakerEvidence();
  private readonly listeners: ((open: boolean) => void)[] = [];
  private row: BreakerRow | undefined;
  private opening = false;
  /** Until when the provider asked to be left alone, `performance.now()`; and how much of that is shared. */
  private peaceUntil = Number.NEGATIVE_INFINITY;
  private sharedUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly sql: Sql,
    private readonly bus: ControlBus,
    private readonly gate: SendGate,
  ) {}

  get isOpen(): boolean {
    return this.gate.breakerOpen;
  }

  /** The shared row as it was last read. */
  get current(): BreakerRow | undefined {
    return this.row;
  }

  /** Calls `listener` whenever sending stops or goes on. */
  onChange(listener: (open: boolean) => void): void {
    this.listeners.push(listener);
  }

  /** Takes one outcome in. What a probe came to is for the prober to judge. */
  note(outcome: Outcome, probe: boolean): void {
    if (probe) return;
    if (this.isOpen) {
      // What was on the wire is told to wait too, perhaps for longer.
      if (outcome.kind === 'throttled') this.prolong(outcome.retryAfterMs ?? 0);
      return;
    }
    const verdict = this.evidence.note(outcome);
    if (!verdict) return;
    this.evidence.forget();
    this.setOpen(true);
    this.logger.error({ msg: 'the provider is down: sending stops', reason: verdict.reason });
    void this.share(verdict.reason, verdict.retryInMs);
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
    this.row = row;
    if (!this.opening) this.setOpen(row.state !== 'closed');
  }

  /** Tells the other dispatchers that the row has changed. */
  announce(version: number): void {
    const changed: BreakerChanged = { providerId: DEFAULT_PROVIDER, version };
    this.bus.announce(controlSubjects.breaker, changed);
  }

  /** `peaceMs` is for how long the provider asked to be left alone, if it did. */
  private async share(reason: string, peaceMs?: number): Promise<void> {
    this.opening = true;
    const peaceUntil = performance.now() + (peaceMs ?? 0);
    try {
      const row = await openBreaker(this.sql, DEFAULT_PROVIDER, reason, peaceMs ?? FIRST_PROBE_AFTER);
      this.opening = false;
      if (row) {
        this.adopt(row);
        this.announce(row.version);
      } else {
        // Another one was first, and for a reason of its own.
        this.peaceUntil = Math.max(this.peaceUntil, peaceUntil);
        await this.runOnce();
      }
      await this.sharePeace();
    } catch (error) {
      // Postgres is away, so no further grant succeeds either; the next refresh tells what is so.
      this.opening = false;
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

  private setOpen(open: boolean): void {
    if (this.gate.breakerOpen === open) return;
    this.gate.breakerOpen = open;
    // As loud as the outage was: whoever saw that begin has to see it end.
    if (!open) this.logger.warn({ msg: 'the provider is back: sending goes on' });
    for (const listener of this.listeners) listener(open);
  }
}
