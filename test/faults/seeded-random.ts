import { createHash } from 'node:crypto';

/** Numbers that look random and are the same for the same seed: mulberry32 (Tommy Ettinger, public domain). */
export class SeededRandom {
  private state: number;

  /** `words` tell apart who draws: each scenario of a run has numbers of its own, whichever others run. */
  constructor(...words: readonly (string | number)[]) {
    this.state = createHash('sha256').update(words.join('|')).digest().readUInt32LE(0);
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A number from `least` up to, but not including, `most`. */
  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** One of `choices`; throws when there is none. */
  pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[Math.floor(this.next() * choices.length)];
    if (choice === undefined) throw new Error('There is nothing to choose from');
    return choice;
  }

  /** The same in another order. */
  shuffle<Item>(items: readonly Item[]): Item[] {
    return items
      .map((item) => ({ item, at: this.next() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }
}
