export interface LinesASecond {
  ofOneKind: number;
  /** Of all kinds together. */
  inAll: number;
}

const LONGEST_KIND = 200;

/** What lines have in common that tell the same again and again. */
export interface LineKind {
  level: number;
  context: string;
  /** The line's words; numbers in them, such as ids, make no other kind. */
  msg: string;
  /** What it came to, such as a status or an outcome. */
  result: string;
}

/** Lines that were not written. */
export interface LinesLeftOut {
  kind: LineKind;
  count: number;
}

/**
 * Decides which lines of a second are written, so that trouble that comes with every message or request fills
 * no disk: the first of each kind, and so many in all. What is left out is counted. Whoever uses it calls
 * {@link end} once a second while it {@link isCounting}. It remembers as many kinds as lines are written.
 */
export class LineLimit {
  private readonly kinds = new Map<string, LinesLeftOut & { written: number }>();
  private written = 0;

  constructor(private readonly most: LinesASecond) {}

  /** Whether a line came since the last {@link end}. */
  get isCounting(): boolean {
    return this.kinds.size > 0;
  }

  /** Whether this line is written. */
  admits(kind: LineKind): boolean {
    const key = `${kind.level} ${kind.context} ${kind.result} ${sameWords(kind.msg)}`.slice(0, LONGEST_KIND);
    const known = this.kinds.get(key) ?? this.begin(key, kind);
    if (known.written < this.most.ofOneKind && this.written < this.most.inAll) {
      known.written += 1;
      this.written += 1;
      return true;
    }
    known.count += 1;
    return false;
  }

  /** Ends the second: what was left out of it. */
  end(): LinesLeftOut[] {
    const leftOut = [...this.kinds.values()].filter(({ count }) => count > 0);
    this.kinds.clear();
    this.written = 0;
    return leftOut.map(({ kind, count }) => ({ kind, count }));
  }

  /** Kinds that come when nothing more is written are not told apart. */
  private begin(key: string, kind: LineKind) {
    const isOneOfMany = this.written >= this.most.inAll;
    const known = isOneOfMany ? this.kinds.get('') : undefined;
    if (known) return known;
    const begun = {
      kind: isOneOfMany ? { level: kind.level, context: '', msg: 'lines of other kinds', result: '' } : kind,
      count: 0,
      written: 0,
    };
    this.kinds.set(isOneOfMany ? '' : key, begun);
    return begun;
  }
}

function sameWords(msg: string): string {
  return msg.replaceAll(/\d+/g, '#');
}
