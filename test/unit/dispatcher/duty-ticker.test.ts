import { Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DutyTicker, type Tick } from '../../../apps/dispatcher/process/duty-ticker.js';

let ticker: DutyTicker;
const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
const log = vi.spyOn(Logger.prototype, 'log').mockReturnValue();

beforeEach(() => {
  vi.useFakeTimers();
  ticker = new DutyTicker(new SchedulerRegistry());
});

afterEach(async () => {
  await ticker.stop();
  vi.useRealTimers();
  warn.mockClear();
  log.mockClear();
});

/** A duty that answers with one result after another, and then with the last one for ever. */
function aTick(name: string, results: unknown[], more: Partial<Tick> = {}) {
  const runOnce = vi.fn<() => Promise<unknown>>(async () => {
    const result = results.length > 1 ? results.shift() : results[0];
    if (result instanceof Error) throw result;
    return result;
  });
  return { tick: { name, everyMs: 1_000, duty: { runOnce }, ...more }, runOnce };
}

/** A duty whose runs last until they are let go. */
function aSlowTick(name: string) {
  const ends: (() => void)[] = [];
  const runOnce = vi.fn<() => Promise<void>>(() => new Promise((resolve) => ends.push(resolve)));
  return { tick: { name, everyMs: 1_000, duty: { runOnce } }, runOnce, letGo: () => ends.shift()?.() };
}

const settled = () => vi.advanceTimersByTimeAsync(0);

describe('a duty', () => {
  test('runs at the start and at its interval', async () => {
    const { tick, runOnce } = aTick('a', [undefined]);
    ticker.start([tick]);
    await settled();
    expect(runOnce).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(runOnce).toHaveBeenCalledTimes(4);
  });

  test('runs one at a time, and once more if it was wanted meanwhile', async () => {
    const { tick, runOnce, letGo } = aSlowTick('a');
    ticker.start([tick]);
    await vi.advanceTimersByTimeAsync(5_000);
    ticker.nudge('a');
    ticker.nudge('a');
    expect(runOnce).toHaveBeenCalledTimes(1);
    letGo();
    await settled();
    expect(runOnce).toHaveBeenCalledTimes(2);
    letGo();
    await settled();
    expect(runOnce).toHaveBeenCalledTimes(2);
    letGo();
  });

  test('runs on as long as there is more of the same to do', async () => {
    const { tick, runOnce } = aTick('a', [3, 2, 1, 0], { again: (left) => Number(left) > 0 });
    ticker.start([tick]);
    await settled();
    expect(runOnce).toHaveBeenCalledTimes(4);
  });

  test('wakes the one that has something to do after it', async () => {
    const first = aTick('first', [true, false], { wakes: (found) => (found ? ['second'] : []) });
    const second = aTick('second', [undefined], { everyMs: 60_000 });
    ticker.start([second.tick, first.tick]);
    await settled();
    expect(second.runOnce).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(second.runOnce).toHaveBeenCalledTimes(2);
  });

  test('that fails is tried again, and said so once until it works again', async () => {
    const { tick, runOnce } = aTick('a', [new Error('no'), new Error('no'), 1]);
    ticker.start([tick]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(runOnce).toHaveBeenCalledTimes(2);
    expect(warn).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(runOnce).toHaveBeenCalledTimes(4);
    expect(log).toHaveBeenCalledExactlyOnceWith('a works again.');
  });

  test('that is not there may be nudged', () => {
    expect(() => ticker.nudge('nobody')).not.toThrow();
  });
});

describe('stopping', () => {
  test('waits for the run under way, and starts none after it', async () => {
    const { tick, runOnce, letGo } = aSlowTick('a');
    ticker.start([tick]);
    ticker.nudge('a');
    const stopped = ticker.stop().then(() => 'stopped');
    const fiveSeconds = vi.advanceTimersByTimeAsync(5_000).then(() => 'five seconds later');
    expect(await Promise.race([stopped, fiveSeconds])).toBe('five seconds later');
    letGo();
    await stopped;
    ticker.nudge('a');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(runOnce).toHaveBeenCalledTimes(1);
  });

  test('ends what would run on and on', async () => {
    const { tick, runOnce } = aTick('a', [1], { again: () => true });
    ticker.start([tick]);
    await ticker.stop();
    expect(runOnce.mock.calls.length).toBeLessThan(10);
  });

  test('lets every duty let go, even if one can not', async () => {
    const order: string[] = [];
    const duties = ['a', 'b'].map((name) => ({
      ...aTick(name, [undefined]).tick,
      duty: {
        runOnce: async () => undefined,
        stop: async () => {
          order.push(name);
          if (name === 'a') throw new Error('no');
        },
      },
    }));
    ticker.start(duties);
    await ticker.stop();
    expect(order).toEqual(['a', 'b']);
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
