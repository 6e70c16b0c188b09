import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Admission } from '#libs/admission';

const limits = { atOnce: 2, waiting: 2, patienceMs: 1_000 };
let admission: Admission;

beforeEach(() => {
  vi.useFakeTimers();
  admission = new Admission(limits);
  for (let place = 0; place < limits.atOnce; place += 1) void admission.enter();
});
afterEach(() => void vi.useRealTimers());

test('what ends gives its place to whoever waits for the longest', async () => {
  const served: string[] = [];
  const wait = async (name: string) => {
    if (await admission.enter()) served.push(name);
  };
  const [first, second] = [wait('first'), wait('second')];
  admission.leave();
  await first;
  expect(served).toEqual(['first']);
  admission.leave();
  await second;
  expect(served).toEqual(['first', 'second']);
});

test('whoever finds no room to wait is refused at once', () => {
  void admission.enter();
  void admission.enter();
  expect(admission.enter()).toBe(false);
});

test('whoever has waited for too long is refused, and takes no place', async () => {
  const late = admission.enter();
  vi.advanceTimersByTime(limits.patienceMs);
  expect(await late).toBe(false);

  admission.leave();
  admission.leave();
  expect([admission.enter(), admission.enter()]).toEqual([true, true]);
  expect(admission.enter()).toBeInstanceOf(Promise);
});

test('a place that was handed over is not free', async () => {
  const next = admission.enter();
  admission.leave();
  expect(await next).toBe(true);
  expect(admission.enter()).toBeInstanceOf(Promise);
});
