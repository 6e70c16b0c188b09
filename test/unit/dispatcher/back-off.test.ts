import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backOff, retryBucket } from '../../../apps/dispatcher/record/back-off.js';

const terms = { baseMs: 1_000, capMs: 300_000, remainingMs: Infinity };
const almostOne = 1 - 2 ** -53;

/** Any terms that the settings allow, with nothing yet said of the time that remains. */
const anyTerms = fc.record({
  baseMs: fc.integer({ min: 10, max: 60_000 }),
  capMs: fc.integer({ min: 10, max: 86_400_000 }),
});
const anyAttempts = fc.integer({ min: 1, max: 32_767 });
const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the wait before the next attempt', () => {
  test('has a ceiling that doubles up to the cap, and a floor of a quarter of the base', () => {
    const attempts = Array.from({ length: 12 }, (_, index) => index + 1);
    const seconds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300];

    expect(attempts.map((number) => backOff(number, terms, almostOne) / 1_000)).toEqual(seconds);
    expect(attempts.map((number) => backOff(number, terms, 0))).toEqual(seconds.map(() => 250));
  });

  test('takes 29 minutes in all on average until the twentieth attempt', () => {
    const waits = Array.from({ length: 19 }, (_, index) => backOff(index + 1, terms, 0.5));

    expect(Math.round(waits.reduce((sum, wait) => sum + wait) / 60_000)).toBe(29);
  });

  test('is drawn from the time that remains when it would pass the end', () => {
    const left = { ...terms, remainingMs: 10_000 };
    expect(backOff(8, left, 0.05), 'fits').toBe(6_638);
    expect(backOff(8, left, almostOne)).toBe(10_000);
    expect(backOff(8, left, 0.5)).toBe(5_125);
  });

  test('is as drawn when nothing fits any more', () => {
    expect(backOff(1, { ...terms, remainingMs: 100 }, almostOne)).toBe(1_000);
    expect(backOff(1, { ...terms, remainingMs: -5 }, 0)).toBe(250);
  });

  test('is whole milliseconds between floor and ceiling, and before the end if that is possible', () => {
    fc.assert(
      fc.property(
        fc.record({
          attempts: anyAttempts,
          terms: anyTerms,
          remainingMs: fc.double({ min: -1e6, max: 1e9, noNaN: true }),
          random: anyRandom,
        }),
        ({ attempts, random, remainingMs, terms: { baseMs, capMs } }) => {
          const given = { baseMs, capMs, remainingMs };
          const wait = backOff(attempts, given, random);
          const floor = given.baseMs / 4;
          expect(Number.isInteger(wait)).toBe(true);
          expect(wait).toBeGreaterThanOrEqual(Math.floor(floor));
          expect(wait).toBeLessThanOrEqual(
            Math.ceil(Math.max(floor, Math.min(given.capMs, given.baseMs * 2 ** (attempts - 1)))),
          );
          if (given.remainingMs >= floor) expect(wait).toBeLessThanOrEqual(given.remainingMs + 0.5);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('is spread evenly between floor and ceiling, whatever the attempt: no two crowds of retries meet', () => {
    fc.assert(
      fc.property(anyAttempts, anyTerms, anyRandom, (attempts, given, random) => {
        const unbounded = { ...given, remainingMs: Infinity };
        const [lowest, highest] = [backOff(attempts, unbounded, 0), backOff(attempts, unbounded, almostOne)];
        // Linear in a number that is uniform, so uniform itself; each of the three is rounded.
        const expected = lowest + random * (highest - lowest);
        expect(Math.abs(backOff(attempts, unbounded, random) - expected)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });

  test('has a ceiling that never falls from one attempt to the next, and stays at the cap once it is there', () => {
    fc.assert(
      fc.property(anyAttempts, anyTerms, anyRandom, (attempts, given, random) => {
        const unbounded = { ...given, remainingMs: Infinity };
        const next = backOff(attempts + 1, unbounded, random);
        expect(next).toBeGreaterThanOrEqual(backOff(attempts, unbounded, random));
        const cap = Math.max(given.capMs, Math.round(given.baseMs / 4));
        if (attempts > 30) expect(backOff(attempts, unbounded, almostOne)).toBe(cap);
      }),
      { numRuns: 2_000 },
    );
  });

  test('whose drawing passes the end is drawn again from all of the time that remains', () => {
    const left = { ...terms, remainingMs: 60_000 };
    const waits = Array.from({ length: 10_000 }, (_, nth) => backOff(10, left, (nth + 0.5) / 10_000));
    const quarters = [0, 1, 2, 3].map(
      (nth) => waits.filter((wait) => wait > nth * 15_000 && wait <= (nth + 1) * 15_000).length / 10_000,
    );

    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
    // Cut off rather than drawn again, four fifths of all would come at the very end.
    for (const share of quarters) expect(share).toBeLessThan(0.4);
    expect(quarters.reduce((sum, share) => sum + share)).toBe(1);
  });
});

describe('the due time that retries share', () => {
  test('is a multiple of a quarter of the wait, of at least 100 ms and at most 5 s', () => {
    expect(retryBucket(1_000_001, 200, Infinity)).toBe(1_000_100);
    expect(retryBucket(1_000_001, 4_000, Infinity)).toBe(1_001_000);
    expect(retryBucket(1_000_001, 300_000, Infinity)).toBe(1_005_000);
    expect(retryBucket(1_000_000, 4_000, Infinity)).toBe(1_000_000);
  });

  test('is no later than the latest start, unless the retry itself is', () => {
    expect(retryBucket(1_000_001, 300_000, 1_002_000)).toBe(1_002_000);
    expect(retryBucket(1_003_001, 300_000, 1_002_000)).toBe(1_003_001);
  });

  test('is never before the retry is due', () => {
    const instant = fc.double({ min: 1.7e12, max: 1.8e12, noNaN: true });
    fc.assert(
      fc.property(instant, fc.integer({ min: 1, max: 400_000 }), instant, (dueAt, waitMs, latest) => {
        const bucket = retryBucket(dueAt, waitMs, latest);
        expect(bucket).toBeGreaterThanOrEqual(dueAt);
        expect(bucket).toBeLessThan(Math.max(dueAt, Math.min(dueAt + 5_000, latest)) + 1);
        expect(Number.isInteger(bucket)).toBe(true);
      }),
    );
  });
});
