import { Inject, Injectable } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { isWantedAnyway } from '#libs/queue/lease';
import type { ControlChange } from '#libs/queue/watch';
import type { GrantedMessage, OpenBatch } from '../grant/open-batch.js';
import { DatabaseClock } from '../process/database-clock.js';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { SendSwitch } from '../process/send-switch.js';

/** What the gate asks of a message. */
type AtTheGate = Pick<GrantedMessage, 'batch' | 'inDoubtSince' | 'attempts' | 'resolvedAttempts'>;

/** Why a granted message may not start. */
export type Refusal =
  'stopping' | 'stopped' | 'breaker open' | 'too late' | 'lease too short' | 'in doubt too long';

const MOST_CHANGES = 10_000;

/**
 * The last gate: each request passes it in the same tick in which it starts. It knows what this process knows
 * without asking anyone: the lease by the monotonic clock, the end, the window and the time for which the
 * provider knows a doubtful message's id by the database's clock, mailings that were stopped, the breaker.
 */
@Injectable()
export class SendGate {
  private readonly controlled = new Map<number, ControlChange>();

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly clock: DatabaseClock,
    private readonly sendSwitch: SendSwitch,
  ) {}

  /** Takes in a change of a mailing; an older version than the one known changes nothing. Returns whether it was new. */
  apply(change: ControlChange): boolean {
    const known = this.controlled.get(change.mailingId);
    if (known && known.version >= change.version) return false;
    if (!known && this.controlled.size >= MOST_CHANGES) this.forgetOldest();
    this.controlled.set(change.mailingId, change);
    return true;
  }

  /**
   * Hints alone come while Postgres is away, and nothing ends their list then. What the oldest of very many
   * stopped was let go of when it came, and a grant asks Postgres anew.
   */
  private forgetOldest(): void {
    const [oldest] = this.controlled.keys();
    if (oldest !== undefined) this.controlled.delete(oldest);
  }

  /** Whether it has taken in a change of the mailing, and not forgotten it. */
  knows(mailingId: number): boolean {
    return this.controlled.has(mailingId);
  }

  /** Forgets mailings that no one speaks of any more, so that the list stays as short as what is going on. */
  forgetAllBut(mailingIds: ReadonlySet<number>): void {
    for (const id of this.controlled.keys()) if (!mailingIds.has(id)) this.controlled.delete(id);
  }

  /** Undefined when the message may be sent now, by the monotonic clock. */
  refusalOf(message: AtTheGate, now: number): Refusal | undefined {
    const refusal = this.refusal(message.batch, now);
    if (refusal) return refusal;
    return now < this.latestResend(message) ? undefined : 'in doubt too long';
  }

  /** The monotonic instant up to which the message's request may be written. */
  latestStartOf(message: AtTheGate): number {
    return Math.min(this.latestStart(message.batch), this.latestResend(message));
  }

  /** Undefined when the next request of the batch may start now. */
  refusal(batch: OpenBatch, now = performance.now()): Refusal | undefined {
    if (this.sendSwitch.stopping) return 'stopping';
    if (this.sendSwitch.breakerOpen && !batch.probe) return 'breaker open';
    const control = this.controlled.get(batch.mailingId);
    if (control?.stopped) return 'stopped';
    // NaN (no time known yet) must refuse, hence the negation.
    if (!(now < this.latestStart(batch))) return 'too late';
    if (now + this.requestMs(batch) >= batch.leaseDeadline) return 'lease too short';
    return undefined;
  }

  /** The monotonic instant up to which a request of the batch may be written. */
  latestStart(batch: OpenBatch): number {
    const endAt = Math.min(batch.endAt, this.controlled.get(batch.mailingId)?.endAt ?? Infinity);
    return this.clock.toMonotonic(Math.min(endAt, batch.notAfter) - this.config.sendGuardMs);
  }

  /** A request must be over before the provider may have forgotten that it had the message already. */
  private latestResend(message: AtTheGate): number {
    const { batch, inDoubtSince } = message;
    if (inDoubtSince === null || batch.keyLifetimeMs === Infinity || isWantedAnyway(message)) return Infinity;
    return this.clock.toMonotonic(inDoubtSince + batch.keyLifetimeMs - this.config.provider.timeoutMs);
  }

  /** The total deadline of one request of the batch, in milliseconds. */
  requestMs(batch: OpenBatch): number {
    return batch.probe ? this.config.provider.probeTimeoutMs : this.config.provider.timeoutMs;
  }
}
