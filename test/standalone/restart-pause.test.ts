import { assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restartPauseMs } from '../../apps/standalone/restart-pause.js';

describe('the pause before a service is started again', () => {
  it('doubles from a quarter of a second up to half a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9].map(restartPauseMs)).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });

  it('never shrinks and never ends, however often the service ended', () => {
    assert(
      property(integer({ min: 1, max: 1_000_000 }), (ends) => {
        expect(restartPauseMs(ends + 1)).toBeGreaterThanOrEqual(restartPauseMs(ends));
        expect(restartPauseMs(ends)).toBeLessThanOrEqual(30_000);
      }),
    );
  });
});
