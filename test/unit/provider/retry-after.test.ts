import { describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS, retryAfterMs } from '#libs/providers/kinds';

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
    ['1e3', undefined],
    ['0x10', undefined],
    ['', undefined],
    ['soon', undefined],
    ['30.5', 31_000],
    ['1.0', 1_000],
    ['0.001', 1_000],
    ['+7', 7_000],
    ['"7"', 7_000],
    ['30s', 30_000],
    ['30 seconds', 30_000],
    ['0.5 Sec', 1_000],
    ['1500ms', 2_000],
    ['"7', undefined],
    ['1.', undefined],
    ['.5', undefined],
    ['1,5', undefined], // One and a half, or one and five.
    ['7, 9', undefined],
    ['2m', undefined], // Of minutes, or of months.
    ['Saturday, 22-Nov-25 10:00:05 GMT', 5_000],
    ['Sat Nov 22 10:00:05 2025', 5_000],
    ['Mon Dec  1 10:00:00 2025', MAX_RETRY_AFTER_MS],
    ['Saturday, 22-Nov-75 10:00:05 GMT', undefined], // 2075, 50 years ahead.
    ['Sunday, 22-Nov-76 10:00:05 GMT', 0], // 1976, as 2076 is more than that.
    ['Sat, 2 Nov 2024 10:00:05 GMT', 0],
    ['2025-11-22T10:00:05Z', 5_000],
    ['2025-11-22T13:00:05.500+03:00', 5_500],
    ['2025-11-22T10:00:05', undefined],
    ['2025-13-22T10:00:05Z', undefined],
    ['Sat, 22 Nov 2025 10:00:05 +0000', 5_000],
    ['Sat, 22 Nov 2025 10:00:05 UTC', 5_000],
    ['Sat, 22 Nov 2025 10:00:60 GMT', 60_000],
    ['Sat, 22 Nov 2025 10:00:05 +0300', undefined],
    ['Sat, 22 Nov 2025 10:00:05 MSK', undefined],
    ['Sat, 99 Nov 2025 10:00:05 GMT', undefined],
    ['Sat, 31 Nov 2025 10:00:05 GMT', undefined],
    ['Sat, 22 Nov 2025 24:00:05 GMT', undefined],
    ['Sat, 22 Nov 2025 10:61:05 GMT', undefined],
    ['Sat, 22 Foo 2025 10:00:05 GMT', undefined],
  ])('%j is %s ms', (value, expected) => {
    expect(retryAfterMs(value, undefined, NOW)).toBe(expected);
  });

  it("holds a date against the answer's Date header, and against our clock if that is no date", () => {
    const until = 'Sat, 22 Nov 2025 10:00:05 GMT';
    expect(retryAfterMs(until, 'Sat, 22 Nov 2025 10:00:01 GMT', NOW + 999_999)).toBe(4_000);
    expect(retryAfterMs(until, 'Saturday, 22-Nov-25 10:00:01 GMT', NOW + 999_999)).toBe(4_000);
    expect(retryAfterMs(until, 'today', NOW)).toBe(5_000);
  });
});
