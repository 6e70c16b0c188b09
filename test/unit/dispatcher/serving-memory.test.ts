import { describe, expect, test } from 'vitest';
import { ServingMemory } from '../../../apps/dispatcher/take/serving-memory.js';

describe('the memory of mailings served', () => {
  test('makes every other order a fair one', () => {
    const memory = new ServingMemory();
    expect([1, 2, 3, 4].map(() => memory.nextOrder().fair)).toEqual([true, false, true, false]);
  });

  test('lists them from the least to the most recently served, each once', () => {
    const memory = new ServingMemory();
    for (const mailing of [4, 9, 4, 2, 9]) memory.remember(mailing);
    expect(memory.nextOrder().recentMailings).toEqual([4, 2, 9]);
  });

  test('keeps the last thousand', () => {
    const memory = new ServingMemory();
    for (let mailing = 1; mailing <= 1_003; mailing += 1) memory.remember(mailing);
    const { recentMailings } = memory.nextOrder();
    expect(recentMailings).toHaveLength(1_000);
    expect([recentMailings[0], recentMailings.at(-1)]).toEqual([4, 1_003]);
  });
});
