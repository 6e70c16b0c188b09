import { describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS, retryAfterMs } from '#libs/provider';

const NOW = Date.parse('2025-11-22T10:00:00Z');

describe('Retry-After', () => {
  it.each<[string, number | undefined]>([
    ['0', 0],
    ['7', 7_000],
    [' 7 ', 7_000],
    ['3600', MAX_RETRY_AFTER_MS],
    ['86400', MAX_RETRY_AFTER_MS],
    ['Sat, 22 Nov 2025 10:00:05 GMT', 5_000],
    ['Sat, 22 Nov 2025 09:00:00 GMT', 0],
    ['Sun, 23 Nov 2025 10:00:00 GMT', MAX_RETRY_AFTER_MS],
    ['1763805600', undefined], // An epoch time by mistake: 56 years.
    ['Fri, 31 Dec 9999 23:59:59 GMT', undefined],
    ['99999999999999999999999999', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['', undefined],
    ['soon', undefined],
    ['2025-11-22T10:00:05Z', undefined],
    ['Sat, 22 Nov 2025 10:00:05 +0000', undefined],
    ['Sat, 99 Nov 2025 10:00:05 GMT', undefined],
  ])('%j is %s ms', (value, expected) => {
    expect(retryAfterMs(value, undefined, NOW)).toBe(expected);
  });

  it("holds a date against the answer's Date header, and against our clock if that is no date", () => {
    const until = 'Sat, 22 Nov 2025 10:00:05 GMT';
    expect(retryAfterMs(until, 'Sat, 22 Nov 2025 10:00:01 GMT', NOW + 999_999)).toBe(4_000);
    expect(retryAfterMs(until, 'today', NOW)).toBe(5_000);
  });
});
