const AT_FIRST = 8;

/** Milliseconds: what lapses together counts once. */
const ONE_LAPSE = 100;

/**
 * How many slots are worth having in reserve. Slots that find no free connection are lost for everyone, so there
 * are never many more than can be used: each one used makes room for one more, and one that found no connection
 * halves it, as TCP does with its window (RFC 5681, 3.1).
 */
export class SlotWindow {
  private allowed: number;
  private lapsedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly most: number) {
    this.allowed = Math.min(AT_FIRST, most);
  }

  get size(): number {
    return Math.floor(this.allowed);
  }

  /** A slot was used in time. */
  grow(): void {
    this.allowed = Math.min(this.most, this.allowed + 1);
  }

  /** A slot found no connection in time; `now` is `performance.now()`. */
  shrink(now: number): void {
    if (now - this.lapsedAt < ONE_LAPSE) return;
    this.lapsedAt = now;
    this.allowed = Math.max(1, this.allowed / 2);
  }
}
