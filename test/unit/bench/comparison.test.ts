import { expect, test } from 'vitest';
import { comparisonsOf, type Pair } from '../../../bench/against/comparison.js';
import type { Finding } from '../../../bench/finding.js';

const finding = (what: string, ours: number): Finding => ({
  row: 'send',
  what,
  ours,
  reference: null,
  ratio: null,
  spread: [ours, ours],
  bar: '',
  holds: true,
});
const pair = (what: string, now: number, before: number): Pair => ({
  now: [finding(what, now)],
  before: [finding(what, before)],
});

test('a rate is compared by the median and the spread of the pairs', () => {
  const rates = [110, 90, 100, 95, 120].map((now) => pair('messages/s', now, 100));
  const [compared] = comparisonsOf(rates);
  expect(compared).toMatchObject({ now: 100, before: 100, ratio: 1, spread: [0.9, 1.2], holds: true });
});

test('a time that became longer is a speed that became lower', () => {
  const [compared] = comparisonsOf([pair('ms until all is planned', 200, 100)]);
  expect(compared).toMatchObject({ ratio: 0.5, holds: false });
});

test('three hundredths may be lost, and no more', () => {
  expect(comparisonsOf([pair('messages/s', 97, 100)])[0]?.holds).toBe(true);
  expect(comparisonsOf([pair('messages/s', 96.9, 100)])[0]?.holds).toBe(false);
});

test('a line that one side does not have is left out', () => {
  expect(comparisonsOf([{ now: [finding('messages/s', 1)], before: [] }])).toEqual([]);
});
