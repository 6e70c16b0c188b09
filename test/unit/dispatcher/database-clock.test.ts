import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DatabaseClock } from '../../../apps/dispatcher/process/database-clock.js';

const NOON = Date.UTC(2030, 0, 10, 12);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'], now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the database's clock", () => {
  test('is not known before the first answer', () => {
    const clock = new DatabaseClock();
    expect(clock.now()).toBeNaN();
    expect(clock.toMonotonic(NOON)).toBeNaN();
  });

  test("goes on by the monotonic clock, whatever this host's wall clock does", () => {
    const clock = new DatabaseClock();
    clock.observe(NOON, performance.now());
    vi.advanceTimersByTime(1_500);
    vi.setSystemTime(Date.UTC(1999, 0));

    expect(clock.now()).toBe(NOON + 1_500);
  });

  test('counts from when it was asked, so a slow answer puts it ahead, never behind', () => {
    const clock = new DatabaseClock();
    const sentAt = performance.now();
    vi.advanceTimersByTime(300);
    clock.observe(NOON, sentAt);

    expect(clock.now()).toBe(NOON + 300);
  });

  test('tells at which monotonic instant a time will be', () => {
    const clock = new DatabaseClock();
    vi.advanceTimersByTime(10);
    clock.observe(NOON, performance.now());

    expect(clock.toMonotonic(NOON + 5_000) - performance.now()).toBe(5_000);
    expect(clock.toMonotonic(Infinity)).toBe(Infinity);
  });
});
