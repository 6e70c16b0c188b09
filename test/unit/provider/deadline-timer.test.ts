import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Bounded, DeadlineTimer } from '#libs/providers/kinds';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What ends its own watch when its time is over, and is noted then. */
class Request implements Bounded {
  place = -1;
  /** About what a request holds on to. */
  readonly body = Array.from({ length: 50 }, () => this.dueAt);

  constructor(
    readonly timer: DeadlineTimer,
    readonly dueAt: number,
    readonly expired: Request[] = [],
  ) {}

  static start(timer: DeadlineTimer, dueAt: number, expired?: Request[]): Request {
    const request = new Request(timer, dueAt, expired);
    timer.watch(request);
    return request;
  }

  expire(): void {
    this.expired.push(this);
    this.timer.unwatch(this);
  }
}

describe('The timer of all deadlines', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends each that is late once, and none that ended before', () => {
    const timer = new DeadlineTimer();
    const expired: Request[] = [];
    const now = performance.now();
    const requests = Array.from({ length: 20 }, (_, nth) => Request.start(timer, now + nth * 1_000, expired));
    const ended = requests.filter((_, nth) => nth % 3 === 0 || nth === 19);
    for (const request of ended) timer.unwatch(request);
    for (const request of ended) timer.unwatch(request);
    vi.advanceTimersByTime(10_500);
    const late = requests.filter((request, nth) => nth <= 10 && !ended.includes(request));
    expect(new Set(expired)).toEqual(new Set(late));
    expect(expired).toHaveLength(late.length);
    vi.advanceTimersByTime(30_000);
    expect(expired).toHaveLength(requests.length - ended.length);
  });

  it('ends those whom the end of another lets begin, in their turn', () => {
    const timer = new DeadlineTimer();
    const expired: Request[] = [];
    const first = Request.start(timer, performance.now() + 100, expired);
    first.expire = () => {
      timer.unwatch(first);
      Request.start(timer, performance.now() + 100, expired);
    };
    vi.advanceTimersByTime(150);
    expect(expired).toHaveLength(0);
    vi.advanceTimersByTime(150);
    expect(expired).toHaveLength(1);
  });

  it('does nothing once it is stopped', () => {
    const timer = new DeadlineTimer();
    const expired: Request[] = [];
    const request = Request.start(timer, performance.now() + 100, expired);
    timer.stop();
    timer.unwatch(request);
    vi.advanceTimersByTime(1_000);
    expect(expired).toHaveLength(0);
  });
});

it('requests that are over do not pile up in the old generation', () => {
  const timer = new DeadlineTimer();
  const old = () =>
    getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? NaN;
  const dueAt = performance.now() + 3_600_000;
  const underWay = Array.from({ length: 64 }, () => Request.start(timer, dueAt));
  collectGarbage();
  collectGarbage();
  const before = old();
  for (let nth = 0; nth < 300_000; nth += 1) {
    const over = underWay[nth % underWay.length];
    if (over) timer.unwatch(over);
    underWay[nth % underWay.length] = Request.start(timer, dueAt);
  }
  const after = old();
  timer.stop();
  expect(after - before).toBeLessThan(10_000_000);
});
