import { expect, test } from 'vitest';
import { type Breach, type Invariant, invariants } from '../../faults/invariant.js';
import { playTwiceAtMost } from '../../faults/second-play.js';
import type { Result } from '../../faults/scenario-run.js';

const breach = (invariant: Invariant): Breach => ({ invariant, figures: 'seen' });
const resultOf = (...breaches: Breach[]): Result => ({
  name: 'a-scenario',
  seed: 1,
  breaches,
  faults: 0,
  seconds: 1,
});

/** Plays results in order; returns the one that counts and those that were told of. */
async function played(...results: Result[]): Promise<{ counts: Result; told: Result[] }> {
  const told: Result[] = [];
  const counts = await playTwiceAtMost(
    async (nth) => results[nth - 1] ?? resultOf(breach('story')),
    (result) => told.push(result),
  );
  return { counts, told };
}

test('what broke a time alone is played once more, both results are told, and the second counts', async () => {
  const times = [breach('recovery'), breach('pace')];
  const good = await played(resultOf(...times), resultOf());
  expect(good.counts.breaches).toEqual([]);
  expect(good.told.map(({ breaches }) => breaches)).toEqual([times, []]);
  expect(good.counts.brokeBefore).toEqual(times);

  const bad = await played(resultOf(breach('recovery')), resultOf(breach('recovery')));
  expect(bad.counts.breaches).toEqual([breach('recovery')]);
});

test('what broke anything else is never played again, with a time beside it or not', async () => {
  const others = (Object.keys(invariants) as Invariant[]).filter(
    (name) => name !== 'recovery' && name !== 'pace',
  );
  for (const other of others) {
    for (const breaches of [[breach(other)], [breach('recovery'), breach(other)]]) {
      const { counts, told } = await played(resultOf(...breaches), resultOf());
      expect(counts.breaches).toEqual(breaches);
      expect(told).toHaveLength(1);
    }
  }
});

test('what held is played once, and loss in the second play counts', async () => {
  expect((await played(resultOf())).told).toHaveLength(1);
  const { counts } = await played(resultOf(breach('pace')), resultOf(breach('one-each')));
  expect(counts.breaches).toEqual([breach('one-each')]);
});
