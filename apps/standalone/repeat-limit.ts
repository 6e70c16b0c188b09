interface Kind {
  shown: number;
  hidden: number;
}

/** Lets a few lines of a kind through in each period and counts the rest: an outage warns thousands of times. */
export class RepeatLimit {
  private readonly kinds = new Map<string, Kind>();

  constructor(
    private readonly print: (line: string) => void,
    private readonly perPeriod = 3,
    private readonly periodMs = 10_000,
  ) {}

  /** `kind` is what lines that say the same have in common, `title` what they are called when they are counted. */
  show(kind: string, line: string, title: string): void {
    const counted = this.kinds.get(kind) ?? this.open(kind, title);
    if (counted.shown >= this.perPeriod) {
      counted.hidden += 1;
      return;
    }
    counted.shown += 1;
    this.print(line);
  }

  private open(kind: string, title: string): Kind {
    const counted = { shown: 0, hidden: 0 };
    this.kinds.set(kind, counted);
    setTimeout(() => {
      this.kinds.delete(kind);
      if (counted.hidden > 0) {
        this.print(
          `         and ${counted.hidden} more in ${this.periodMs / 1000} s of: ${title} (all are in the log files)`,
        );
      }
    }, this.periodMs).unref();
    return counted;
  }
}
