/**
 * Caps the messages that were granted and are not yet recorded: the most that can be in doubt when this
 * process dies. Higher priority goes first, and within a priority who came first.
 */
export class UnrecordedCap {
  private used = 0;
  private readonly waiting: { count: number; priority: number; resolve: () => void }[] = [];

  constructor(
    private readonly most: number,
    /** Called when somebody has to wait: see {@link missing}. */
    public onWait: () => void = () => {},
  ) {}

  /** Granted and unrecorded right now. */
  get unrecorded(): number {
    return this.used;
  }

  /** The largest slice that can ever be granted. */
  get size(): number {
    return this.most;
  }

  /** How many places have to be given back before the first in the line gets his; 0 when nobody waits. */
  get missing(): number {
    const [first] = this.waiting;
    return first ? this.used + first.count - this.most : 0;
  }

  /**
   * Waits until `count` more may be granted; `count` must not exceed the cap. Nobody waits for no place at all.
   * False, and no place taken, when what `news` promises comes first; it is asked for only if there is a wait, and
   * is told whether that goes on.
   */
  async acquire(
    count: number,
    news?: (isWaiting: () => boolean) => Promise<unknown>,
    priority = 0,
  ): Promise<boolean> {
    if (count === 0) return true;
    let resolve = () => {};
    const served = new Promise<void>((done) => (resolve = done));
    const wish = { count, priority, resolve };
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

  /** Gives `count` places back: recorded, or never sent. */
  release(count: number): void {
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
