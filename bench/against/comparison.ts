import { type Finding, median } from '../finding.js';

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

/** The findings of one pair of runs. */
export interface Pair {
  now: readonly Finding[];
  before: readonly Finding[];
}

/** Compares what both sides of every pair have measured, by the words of each line. */
export function comparisonsOf(pairs: readonly Pair[]): Comparison[] {
  return (pairs[0]?.now ?? []).flatMap(({ row, what }) => {
    const figures = pairs.flatMap(({ now, before }) => {
      const [one, other] = [now, before].map((side) => side.find((found) => found.what === what)?.ours);
      return one === undefined || other === undefined ? [] : [{ now: one, before: other }];
    });
    if (figures.length < pairs.length) return [];
    const isTime = what.startsWith('ms ');
    const ratios = figures.map(({ now, before }) => (isTime ? before / now : now / before));
    const ratio = median(ratios);
    return [
      {
        row,
        what,
        now: median(figures.map(({ now }) => now)),
        before: median(figures.map(({ before }) => before)),
        ratio,
        spread: [Math.min(...ratios), Math.max(...ratios)] as const,
        holds: ratio >= LEAST,
      },
    ];
  });
}
