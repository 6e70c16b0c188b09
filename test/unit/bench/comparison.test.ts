import { expect, test } from 'vitest';
import { comparisonsOf, type Pair } from '../../../bench/against/comparison.js';

const pair = (what: string, now: number, before: number): Pair => ({
  now: { [what]: now },
  before: { [what]: before },
});

test('a rate is compared by the median and the spread of the pairs', () => {
  const rates = [110, 90, 100, 95, 120].map((now) => pair('messages/s', now, 100));
  const [compared] = comparisonsOf('send', rates);
  expect(compared).toMatchObject({
    row: 'send',
    now: 100,
    before: 100,
    ratio: 1,
    spread: [0.9, 1.2],
    holds: true,
  });
});

test('a time that became longer is a speed that became lower', () => {
  const [compared] = comparisonsOf('send', [pair('ms until all is planned', 200, 100)]);
  expect(compared).toMatchObject({ ratio: 0.5, holds: false });
});

test('three hundredths may be lost, and no more', () => {
  expect(comparisonsOf('send', [pair('messages/s', 97, 100)])[0]?.holds).toBe(true);
  expect(comparisonsOf('send', [pair('messages/s', 96.9, 100)])[0]?.holds).toBe(false);
});

test('a line that one side does not have keeps nothing', () => {
  expect(comparisonsOf('send', [{ now: { 'messages/s': 1 }, before: {} }])[0]?.holds).toBe(false);
});

test('each line of a row is compared by itself', () => {
  const figures = (rate: number, ms: number) => ({ 'messages/s': rate, 'ms until planned': ms });
  const compared = comparisonsOf('plan', [{ now: figures(100, 50), before: figures(100, 100) }]);
  expect(compared.map(({ what, ratio }) => [what, ratio])).toEqual([
    ['messages/s', 1],
    ['ms until planned', 2],
  ]);
});
