import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { GrantedMessage } from '../../../apps/dispatcher/grant/open-batch.js';
import { Ungranted } from '../../../apps/dispatcher/grant/ungranted.js';
import { UnrecordedCap } from '../../../apps/dispatcher/grant/unrecorded-cap.js';
import { SlotQueue } from '../../../apps/dispatcher/outlets/slot-queue.js';
import { SlotWindow } from '../../../apps/dispatcher/outlets/slot-window.js';
import { DatabaseClock } from '../../../apps/dispatcher/process/database-clock.js';
import { anOpenBatch } from './dispatcher-fixture.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

let lastId = 0;

/** A granted message that may start in so many milliseconds. */
function inMs(startsIn: number, batch = anOpenBatch()): GrantedMessage {
  const startFrom = performance.now() + startsIn;
  return {
    id: (lastId += 1),
    clientId: 1,
    phone: 79001112233,
    attempts: 0,
    resolvedAttempts: 0,
    suspicions: 0,
    ownThrottles: 0,
    ownRefusals: 0,
    inDoubtSince: null,
    grantedAt: 0,
    batch,
    hasSlot: true,
    startFrom,
    startUntil: startFrom + 50,
  };
}

describe('the queue for slots', () => {
  test('gives each message at its instant, the earliest first, whatever the order in which they came', () => {
    const given: number[] = [];
    const start = performance.now();
    const queue = new SlotQueue(() => {
      for (const { startFrom } of queue.popDue(performance.now())) given.push(startFrom - start);
    });
    queue.add([inMs(30), inMs(90)]);
    queue.add([inMs(10), inMs(60)]);
    vi.advanceTimersByTime(9);
    expect(given).toEqual([]);
    vi.advanceTimersByTime(21);
    expect(given).toEqual([10, 30]);
    expect(queue.size).toBe(2);
    vi.advanceTimersByTime(60);
    expect(given).toEqual([10, 30, 60, 90]);
    expect(vi.getTimerCount(), 'no timer is left').toBe(0);
  });

  test('looks again when its timer fires before the instant has come', () => {
    const given: number[] = [];
    const queue = new SlotQueue(() => {
      for (const { id } of queue.popDue(performance.now())) given.push(id);
    });
    const message = inMs(10);
    queue.add([message]);
    const timersClock = performance.now.bind(performance);
    const behind = vi.spyOn(performance, 'now').mockImplementation(() => timersClock() - 0.5);
    vi.advanceTimersByTime(10);
    expect(given).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(given).toEqual([message.id]);
    behind.mockRestore();
  });

  test('takes out what is not to be sent, and goes on with the rest', () => {
    const [first, second] = [inMs(10), inMs(20)];
    const due = vi.fn<() => void>();
    const queue = new SlotQueue(due);
    queue.add([first, second]);
    expect(queue.remove((message) => message === first)).toEqual([first]);
    vi.advanceTimersByTime(10);
    expect(due).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10);
    expect(due).toHaveBeenCalledOnce();
  });
});

describe('the window of slots in reserve', () => {
  test('begins small, grows by what is used and never past the most', () => {
    const window = new SlotWindow(20);
    expect(window.size).toBe(8);
    for (let n = 0; n < 30; n += 1) window.grow();
    expect(window.size).toBe(20);
  });

  test('is halved by what finds no connection, once for all that lapse together, and never to nothing', () => {
    const window = new SlotWindow(64);
    for (let n = 0; n < 56; n += 1) window.grow();
    for (let n = 0; n < 30; n += 1) window.shrink(1_000);
    expect(window.size).toBe(32);
    for (let at = 2_000; at < 4_000; at += 100) window.shrink(at);
    expect(window.size).toBe(1);
  });

  test('is no larger than the cap that it lies under', () => {
    expect(new SlotWindow(2).size).toBe(2);
  });
});

describe('what needs a grant', () => {
  test('is taken in the order of the ids, what lapsed first', () => {
    const batch = anOpenBatch();
    const ungranted = new Ungranted<GrantedMessage>();
    const messages = [inMs(0, batch), inMs(0, batch), inMs(0, batch), inMs(0, batch)];
    const [first, second, third, fourth] = messages;
    ungranted.add(messages);
    const slice = ungranted.nextSlice(3);
    expect(slice).toEqual({ type: 'fresh', messages: [first, second, third] });
    ungranted.putBack(slice, new Set([third?.id ?? 0]));
    if (second) ungranted.addLapsed(second);
    if (first) ungranted.addLapsed(first);
    expect(ungranted.size).toBe(4);

    expect(ungranted.nextSlice(5)).toEqual({ type: 'lapsed', messages: [first, second] });
    expect(ungranted.nextSlice(5)).toEqual({ type: 'fresh', messages: [third, fourth] });
    expect(ungranted.size).toBe(0);
  });
});

describe('a message that came too late', () => {
  test('keeps its place until it is granted again, and tells its batch', async () => {
    const cap = new UnrecordedCap(1);
    await cap.acquire(1);
    const batch = anOpenBatch({ cap });
    batch.granted(1);
    const heard = vi.fn<() => void>();
    void batch.news.wait(60_000).then(heard);
    batch.regrant(inMs(-60, batch));
    await vi.advanceTimersByTimeAsync(0);

    expect(heard).toHaveBeenCalled();
    expect(cap.unrecorded).toBe(1);
    expect(batch.isSettled).toBe(false);
    expect(batch.ungranted.nextSlice(5).messages).toHaveLength(1);
  });

  test('is for who stops its batch to leave, and keeps its place until then', async () => {
    const cap = new UnrecordedCap(2);
    await cap.acquire(2);
    const batch = anOpenBatch({ cap });
    batch.granted(2);
    const [before, after] = [inMs(-60, batch), inMs(-60, batch)];
    expect(batch.regrant(before)).toBe(true);
    expect(batch.stopGranting()).toEqual([before]);
    expect(batch.regrant(after)).toBe(false);
    expect(batch.ungranted.size).toBe(0);
    expect(cap.unrecorded).toBe(2);
    expect(await Promise.race([batch.drained, Promise.resolve('not drained')])).toBe('not drained');
  });
});

describe("the database's time of a slot", () => {
  test('does not jump with the delay of each answer, and has come when it is taken for having come', () => {
    const clock = new DatabaseClock();
    const ahead = 1_000_000 - performance.now();
    /** An answer with the database's time, `there` ms after it was asked and `back` ms before it came. */
    const observe = (there: number, back: number) => {
      const sentAt = performance.now();
      const databaseTime = sentAt + there + ahead;
      vi.advanceTimersByTime(there + back);
      clock.observe(databaseTime, sentAt);
    };
    observe(20, 40);
    observe(5, 2);
    expect(clock.toMonotonicAtLeast(2_000_000)).toBe(2_000_000 - ahead + 2);
    observe(300, 80);
    expect(clock.toMonotonicAtLeast(2_000_000)).toBe(2_000_000 - ahead + 2);
  });

  test('is not late by one slow answer when the clock runs slower than this host', () => {
    const clock = new DatabaseClock();
    let ahead = 1_000_000;
    const observe = (there: number, back: number) => {
      const sentAt = performance.now();
      const databaseTime = sentAt + there + ahead;
      vi.advanceTimersByTime(there + back);
      clock.observe(databaseTime, sentAt);
    };
    observe(0, 1);
    ahead -= 4;
    observe(5, 6);
    observe(5, 3);
    observe(0, 300);

    expect(clock.toMonotonicAtLeast(2_000_000)).toBe(2_000_000 - ahead + 3);
    // What was true before does not become so again.
    observe(50, 300);
    expect(clock.toMonotonicAtLeast(2_000_000)).toBe(2_000_000 - ahead + 3);
  });

  test('follows a clock that was set back or forward', () => {
    const clock = new DatabaseClock();
    for (const ahead of [1_000_000, 400_000, 3_000_000]) {
      const sentAt = performance.now();
      vi.advanceTimersByTime(10);
      clock.observe(sentAt + 5 + ahead, sentAt);
      expect(clock.toMonotonicAtLeast(5_000_000)).toBe(5_000_000 - ahead + 5);
    }
  });
});
