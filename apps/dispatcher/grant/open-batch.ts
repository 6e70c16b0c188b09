import type { AmbiguityPolicy } from '#libs/mailings';
import type { Outcome } from '#libs/providers/kinds';
import type { LeasedBatch, LeaseKey, WaitingMessage } from '#libs/queue/lease';
import type { RetrySource } from '#libs/queue/record';
import { WakeUp } from '../process/wake-up.js';
import { Ungranted } from './ungranted.js';
import type { UnrecordedCap, Waiting } from './unrecorded-cap.js';

/** A message that was granted and waits for its slot, if it needs one, and for a free connection. */
export interface GrantedMessage extends WaitingMessage {
  batch: OpenBatch;
  /** By the database's clock, epoch milliseconds; its request starts later. */
  grantedAt: number;
  /** It may only start at its own instant. */
  hasSlot: boolean;
  /** The monotonic instants between which its request may start; later, it needs another grant. */
  startFrom: number;
  startUntil: number;
}

/**
 * How a granted message's turn ended: what its request came to; `returned` to the batch without a request; `gone`
 * when there is none to make, as it is pending no more.
 */
export type Ending = Outcome['kind'] | 'returned' | 'gone';

/** A batch in this dispatcher's hands, from its lease to its release. */
export class OpenBatch implements LeaseKey, RetrySource {
  readonly id: number;
  readonly fence: number;
  readonly mailingId: number;
  readonly priority: number;
  readonly providerId: number;
  readonly timezone: string | null;
  readonly notAfter: number;
  readonly text: string;
  readonly onAmbiguous: AmbiguityPolicy;
  /** How long the provider knows an id again, in milliseconds; each grant reads it anew. */
  keyLifetimeMs: number;
  /** Whose rate limit applies to it; null when it needs no slots. */
  limitedBy: LeasedBatch['limitedBy'];
  /** It waits for slots of its mailing's own and keeps no lane from the next batch. */
  aside = false;
  /** How many slots the last grant found. */
  slotsFound = 4;
  /** What still needs a grant. */
  readonly ungranted = new Ungranted<GrantedMessage>();
  /** Wakes who waits for something to happen to it: a message that was settled last, left, or came too late. */
  readonly news = new WakeUp();
  /** The mailing's end by the database's clock; each grant reads it anew. */
  endAt: number;
  /** Monotonic instant after which nothing may be started under this lease. */
  leaseDeadline: number;
  /**
   * For the batch's summary line: how many messages' turns ended so, and how many times one `lapsed` and needed
   * another grant.
   */
  readonly tally: Partial<Record<Ending | 'lapsed', number>> = {};

  private outstanding = 0;
  /** Under the cap, for what is being granted, was granted, or may have been. */
  private places = 0;
  private unsent = false;
  private granting = true;
  private readonly whenDrained: Promise<void>;
  private drain!: () => void;

  constructor(
    lease: LeasedBatch,
    leaseDeadline: number,
    private readonly cap: UnrecordedCap,
    readonly probe = false,
  ) {
    this.id = lease.id;
    this.fence = lease.fence;
    this.mailingId = lease.mailingId;
    this.priority = lease.priority;
    this.providerId = lease.providerId;
    this.timezone = lease.timezone;
    this.notAfter = lease.notAfter;
    this.text = lease.text;
    this.onAmbiguous = lease.onAmbiguous;
    this.keyLifetimeMs = lease.keyLifetimeMs ?? Infinity;
    this.limitedBy = lease.limitedBy;
    this.endAt = lease.endAt;
    this.leaseDeadline = leaseDeadline;
    this.whenDrained = new Promise((resolve) => {
      this.drain = resolve;
    });
  }

  /** Resolves once nothing more is granted and every granted message is recorded or was returned unsent. */
  get drained(): Promise<void> {
    return this.whenDrained;
  }

  /**
   * Waits for `count` places under the cap; false, and none is taken, when the wait is given up. All of a batch's
   * places are taken and given back here: one with each message that is settled, and at its {@link end} those that
   * are left, as of a grant whose answer was lost and that may be committed.
   */
  async acquirePlaces(count: number, waiting: Waiting): Promise<boolean> {
    if (!(await this.cap.acquire(count, waiting))) return false;
    this.places += count;
    return true;
  }

  /** Gives `count` of the batch's places back: of what is settled, of what was not granted, or at its end. */
  freePlaces(count: number): void {
    this.places -= count;
    this.cap.free(count);
  }

  /** `count` more messages were granted. */
  granted(count: number): void {
    this.outstanding += count;
  }

  /** One granted message is recorded, or was returned unsent, and frees its place; `how` goes into the tally. */
  settle(how: Ending): void {
    this.outstanding -= 1;
    this.freePlaces(1);
    this.tally[how] = (this.tally[how] ?? 0) + 1;
    if (this.outstanding === 0) this.news.wake();
    this.drainIfDone();
  }

  /** One granted message was certainly not taken: it stays pending in the batch. */
  settleUnsent(how: Ending): void {
    this.unsent = true;
    this.settle(how);
    this.news.wake();
  }

  /**
   * One granted message may not start any more without another grant. It keeps its place under the cap. False when
   * no further grant will come: the caller is to hand it back.
   */
  regrant(message: GrantedMessage): boolean {
    if (!this.granting) return false;
    this.tally['lapsed'] = (this.tally['lapsed'] ?? 0) + 1;
    this.ungranted.addLapsed(message);
    this.news.wake();
    return true;
  }

  /** It is not in this dispatcher's hands any more. */
  end(): void {
    this.freePlaces(this.places);
  }

  /** Nothing that was granted is neither recorded nor left. */
  get isSettled(): boolean {
    return this.outstanding === 0;
  }

  /**
   * Whether something granted was returned unsent. Until its release the batch then says that more is in doubt than is,
   * so it should be drained and released soon.
   */
  get hasUnsent(): boolean {
    return this.unsent;
  }

  /**
   * No further slice of this batch will be granted under this lease. Returns what lapsed, which the caller is to
   * hand back. It waits for no more slots, and so keeps nobody from its mailing.
   */
  stopGranting(): GrantedMessage[] {
    this.granting = false;
    this.aside = false;
    this.drainIfDone();
    return this.ungranted.drainLapsed();
  }

  private drainIfDone(): void {
    if (!this.granting && this.outstanding === 0) this.drain();
  }
}
