import { median, ratiosOf } from '../finding.js';

/** The least of the earlier speed that a change to the sending path may leave. */
export const LEAST = 0.97;

/** One line of a row, as it is and as it was. */
export interface Comparison {
  row: string;
  what: string;
  /** Medians over all pairs. */
  now: number;
  before: number;
  /** The median of the pairs' ratios: the speed now to the speed before, so below 1 is slower, of times as well. */
  ratio: number;
  spread: readonly [lowest: number, highest: number];
  holds: boolean;
}

/** What both sides measured, one after the other: figures by the words of their lines. */
export interface Pair {
  now: Readonly<Record<string, number>>;
  before: Readonly<Record<string, number>>;
}

/** Compares what both sides of every pair have measured. */
export function comparisonsOf(row: string, pairs: readonly Pair[]): Comparison[] {
  return Object.keys(pairs[0]?.now ?? {}).map((what) => {
    const nows = pairs.map(({ now }) => now[what] ?? NaN);
    const befores = pairs.map(({ before }) => before[what] ?? NaN);
    const ratios = what.startsWith('ms ') ? ratiosOf(befores, nows) : ratiosOf(nows, befores);
    const ratio = median(ratios);
    return {
      row,
      what,
      now: median(nows),
      before: median(befores),
      ratio,
      spread: [Math.min(...ratios), Math.max(...ratios)],
      // NaN is no speed.
      holds: ratio >= LEAST,
    };
  });
}
