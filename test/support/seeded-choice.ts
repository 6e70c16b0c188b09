import * as fc from 'fast-check';

/** A choice of at most so many values, in an order of its own for each place and each seed. */
export function someOf<Value>(values: readonly Value[], count: number, place: string, seed: number): Value[] {
  const length = Math.min(count, values.length);
  const chosen = fc.shuffledSubarray([...values], { minLength: length, maxLength: length });
  const own = Buffer.from(place).reduce((sum, byte) => (sum * 31 + byte) | 0, seed);
  return fc.sample(chosen, { seed: own, numRuns: 1 })[0] ?? [];
}
