const SLOW_START = 8;

/**
 * How many requests may be on the wire at once. Normally every connection; after the provider came back it
 * starts low and grows by about 8 a round trip (additive increase), after a throttling it is halved.
 */
export class SendPace {
  private allowed: number;

  constructor(private readonly most: number) {
    this.allowed = most;
  }

  get limit(): number {
    return Math.floor(this.allowed);
  }

  /** The provider is back after an outage. */
  startSlowly(): void {
    this.allowed = Math.min(this.allowed, SLOW_START, this.most);
  }

  /** The provider asked for less. */
  halve(): void {
    this.allowed = Math.max(1, this.allowed / 2);
  }

  /** One request was accepted. */
  grow(): void {
    if (this.allowed < this.most)
      this.allowed = Math.min(this.most, this.allowed + SLOW_START / this.allowed);
  }
}
