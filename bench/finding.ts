/** What came of one line of the table. */
export interface Finding {
  row: string;
  /** What was measured, with its unit. */
  what: string;
  /** Medians over all rounds; null where there is nothing to compare with. */
  ours: number;
  reference: number | null;
  /** The median of the rounds' ratios. */
  ratio: number | null;
  /** The lowest and the highest of the rounds' ratios, or of ours where there is no reference. */
  spread: readonly [lowest: number, highest: number];
  bar: string;
  holds: boolean;
}

/** What is asked of a finding. */
export interface Bar {
  words: string;
  isMet(medians: { ours: number; ratio: number }): boolean;
}

export const ratioAtLeast = (least: number): Bar => ({
  words: `≥ ${least} ×`,
  isMet: ({ ratio }) => ratio >= least,
});

export const ratioAtMost = (most: number): Bar => ({
  words: `≤ ${most} ×`,
  isMet: ({ ratio }) => ratio <= most,
});

export const oursAtMost = (most: number, unit: string): Bar => ({
  words: `≤ ${most} ${unit}`,
  isMet: ({ ours }) => ours <= most,
});

/** One figure of each side a round. */
export interface Rounds {
  ours: number[];
  reference?: number[];
}

export function findingOf(row: string, what: string, rounds: Rounds, bar: Bar): Finding {
  const ours = median(rounds.ours);
  const ratios = rounds.reference && ratiosOf(rounds.ours, rounds.reference);
  const ratio = ratios ? median(ratios) : null;
  const spreading = ratios ?? rounds.ours;
  return {
    row,
    what,
    ours,
    reference: rounds.reference ? median(rounds.reference) : null,
    ratio,
    spread: [Math.min(...spreading), Math.max(...spreading)],
    bar: bar.words,
    // NaN meets nothing.
    holds: bar.isMet({ ours, ratio: ratio ?? NaN }),
  };
}

/** By how much ours was higher in each round. */
export function ratiosOf(ours: readonly number[], reference: readonly number[]): number[] {
  return ours.map((figure, nth) => figure / (reference[nth] ?? NaN));
}

/** Measures both sides in turn, the other one first in each second round: what warms up or wears out hits both. */
export async function inTurn<Figures>(
  rounds: number,
  ours: () => Promise<Figures>,
  reference: () => Promise<Figures>,
): Promise<{ ours: Figures[]; reference: Figures[] }> {
  const figures: { ours: Figures[]; reference: Figures[] } = { ours: [], reference: [] };
  for (let round = 0; round < rounds; round += 1) {
    const sides = [
      async () => figures.ours.push(await ours()),
      async () => figures.reference.push(await reference()),
    ];
    for (const side of round % 2 === 0 ? sides.toReversed() : sides) await side();
  }
  return figures;
}

/**
 * Measures the other side before, between and after ours, and compares each of ours with the mean of its two
 * neighbours: a machine that becomes faster or slower meanwhile does so on both sides.
 */
export async function betweenReferences(
  rounds: number,
  ours: () => Promise<number>,
  reference: () => Promise<number>,
): Promise<Required<Rounds>> {
  const figures: Required<Rounds> = { ours: [], reference: [] };
  let before = await reference();
  for (let round = 0; round < rounds; round += 1) {
    figures.ours.push(await ours());
    const after = await reference();
    figures.reference.push((before + after) / 2);
    before = after;
  }
  return figures;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = NaN, high = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}

/** The value that `share` of the values don't exceed (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
