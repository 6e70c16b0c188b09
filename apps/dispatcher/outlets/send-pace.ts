const SLOW_START = 8;

/** Milliseconds without a request on the wire after which connections count as cold again. */
const COLD_AFTER = 1_000;

/**
 * How many requests may be on the wire at once. From a cold start and after an outage it begins at 8 and grows
 * by one with each acceptance, doubling each round trip as TCP's slow start does (RFC 5681, 3.1): a provider
 * that has just come up is not met by every connection at once, which a server that accepts one connection per
 * turn of its event loop answers with seconds of latency. A throttling halves it.
 */
export class SendPace {
  private allowed: number;
  private usedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly most: number) {
    this.allowed = Math.min(SLOW_START, most);
  }

  get limit(): number {
    return Math.floor(this.allowed);
  }

  /** The provider is back after an outage. */
  startSlowly(): void {
    this.allowed = Math.min(this.allowed, SLOW_START);
  }

  /** A request is about to start at `now` (`performance.now()`), with `onTheWire` others under way. */
  use(now: number, onTheWire: number): void {
    if (onTheWire === 0 && now - this.usedAt > COLD_AFTER) this.startSlowly();
    this.usedAt = now;
  }

  /** The answer to a request came, or it was given up, at `now`: until then its connection was in use. */
  rest(now: number): void {
    this.usedAt = now;
  }

  /** The provider asked for less. */
  halve(): void {
    this.allowed = Math.max(1, this.allowed / 2);
  }

  /** One request was accepted. */
  grow(): void {
    this.allowed = Math.min(this.most, this.allowed + 1);
  }
}
