import type { PiggybackedGrant } from './piggybacked-grant.js';

/** How one waits for places. */
export interface Waiting {
  /** The wait is given up when it resolves; it is asked for only if there is a wait, and told whether that goes on. */
  news?: (isWaiting: () => boolean) => Promise<unknown>;
  priority?: number;
  /** For the statement that frees the places. */
  piggyback?: PiggybackedGrant | undefined;
}

interface Wish {
  count: number;
  priority: number;
  piggyback: PiggybackedGrant | undefined;
  resolve: () => void;
}

/**
 * Caps the messages that were granted and are not yet recorded: the most that can be in doubt when this
 * process dies. Higher priority goes first, and within a priority who came first.
 */
export class UnrecordedCap {
  private used = 0;
  private readonly waiting: Wish[] = [];

  constructor(
    private readonly most: number,
    /** Called when somebody has to wait: see {@link missing}. */
    public onWait: () => void = () => {},
  ) {}

  /** Granted and unrecorded right now; while a grant is piggybacked also what that statement is about to record. */
  get unrecorded(): number {
    return this.used;
  }

  /** How many places have to be given back before the first in the line gets his; 0 when nobody waits. */
  get missing(): number {
    const [first] = this.waiting;
    return first ? this.used + first.count - this.most : 0;
  }

  /**
   * Waits until `count` more may be granted; `count` must not exceed the cap. Nobody waits for no place at all.
   * False, and no place taken, when what `news` promises comes first. True as well when the grant has been taken
   * along by then.
   */
  async acquire(count: number, { news, priority = 0, piggyback }: Waiting = {}): Promise<boolean> {
    if (count === 0) return true;
    let resolve = () => {};
    const served = new Promise<void>((done) => (resolve = done));
    const wish: Wish = { count, priority, piggyback, resolve };
    const behind = this.waiting.findIndex((other) => other.priority < priority);
    this.waiting.splice(behind < 0 ? this.waiting.length : behind, 0, wish);
    this.admit();
    const isWaiting = () => this.waiting.includes(wish);
    if (isWaiting()) this.onWait();
    if (isWaiting()) await (news ? Promise.race([served, news(isWaiting)]) : served);
    const place = this.waiting.indexOf(wish);
    if (place < 0) return true;
    this.waiting.splice(place, 1);
    this.admit();
    return false;
  }

  /**
   * The grant of the first in the line, if `recorded` more places are enough and it may be piggybacked: it has them
   * from now on. The caller is to send the statement at once that records so many, and to give their places back after.
   */
  admitPiggyback(recorded: number): PiggybackedGrant | undefined {
    const [first] = this.waiting;
    if (!first?.piggyback || this.used - recorded + first.count > this.most) return undefined;
    if (!first.piggyback.begin()) return undefined;
    this.waiting.shift();
    this.used += first.count;
    first.resolve();
    return first.piggyback;
  }

  /** Gives `count` places back: recorded, or never sent. */
  free(count: number): void {
    this.used -= count;
    this.admit();
  }

  private admit(): void {
    for (
      let first = this.waiting[0];
      first && this.used + first.count <= this.most;
      first = this.waiting[0]
    ) {
      this.waiting.shift();
      this.used += first.count;
      first.resolve();
    }
  }
}
