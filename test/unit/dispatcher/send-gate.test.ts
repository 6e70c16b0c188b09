import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DatabaseClock } from '../../../apps/dispatcher/process/database-clock.js';
import { SendSwitch } from '../../../apps/dispatcher/process/send-switch.js';
import { SendGate } from '../../../apps/dispatcher/send/send-gate.js';
import { aConfig, anOpenBatch } from './dispatcher-fixture.js';

const NOON = Date.UTC(2030, 0, 10, 12);
const change = { mailingId: 7, version: 5, stopped: true, endAt: Infinity };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A gate at noon by the database, with a guard of 500 ms, and requests of 10 s (probes of 3 s). */
function aGate(sendSwitch = new SendSwitch()) {
  const clock = new DatabaseClock();
  clock.observe(NOON, performance.now());
  return new SendGate(aConfig(), clock, sendSwitch);
}

describe('the last gate', () => {
  test('lets a request of a leased batch pass', () => {
    expect(aGate().refusal(anOpenBatch())).toBeUndefined();
  });

  test("stays shut until the database's time is known", () => {
    expect(
      new SendGate(aConfig(), new DatabaseClock(), new SendSwitch()).refusal(
        anOpenBatch({ endAt: NOON + 1e9 }),
      ),
    ).toBe('too late');
  });

  test('is shut for good when the process stops', () => {
    const gate = aGate(Object.assign(new SendSwitch(), { stopping: true }));
    expect(gate.refusal(anOpenBatch())).toBe('stopping');
    expect(gate.refusal(anOpenBatch({ probe: true }))).toBe('stopping');
  });

  test('is shut by an open breaker, except for a probe', () => {
    const gate = aGate(Object.assign(new SendSwitch(), { breakerOpen: true }));
    expect(gate.refusal(anOpenBatch())).toBe('breaker open');
    expect(gate.refusal(anOpenBatch({ probe: true }))).toBeUndefined();
  });

  test.for(['endAt', 'notAfter'] as const)('shuts half a second before %s', (bound) => {
    const gate = aGate();
    const batch = anOpenBatch({ [bound]: NOON + 2_000 });
    expect(gate.latestStart(batch) - performance.now()).toBe(1_500);
    vi.advanceTimersByTime(1_499);
    expect(gate.refusal(batch)).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(gate.refusal(batch)).toBe('too late');
  });

  test('needs a lease that outlives the request', () => {
    const gate = aGate();
    const batch = anOpenBatch({ leaseDeadline: performance.now() + 12_000 });
    expect(gate.requestMs(batch)).toBe(10_000);
    vi.advanceTimersByTime(1_999);
    expect(gate.refusal(batch)).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(gate.refusal(batch)).toBe('lease too short');
  });

  test('a probe is shorter, so it needs less of a lease', () => {
    const gate = aGate();
    const batch = anOpenBatch({ leaseDeadline: performance.now() + 4_000, probe: true });
    expect(gate.requestMs(batch)).toBe(3_000);
    expect(gate.refusal(batch)).toBeUndefined();
  });
});

describe('a message in doubt', () => {
  const minute = 60_000;
  const once = { attempts: 1, resolvedAttempts: 0 };

  test('passes until a request of it would outlast the time for which the provider knows it', () => {
    const gate = aGate();
    const batch = anOpenBatch({ keyLifetimeMs: minute });
    const message = { ...once, inDoubtSince: NOON - 20_000, batch };
    expect(gate.latestStartOf(message) - performance.now()).toBe(30_000);
    vi.advanceTimersByTime(29_999);
    expect(gate.refusalOf(message, performance.now())).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(gate.refusalOf(message, performance.now())).toBe('in doubt too long');
    expect(
      gate.refusalOf({ ...once, inDoubtSince: null, batch }, performance.now()),
      'another one',
    ).toBeUndefined();
  });

  test('passes at any age when a person wants it sent again, and not a second time', () => {
    const gate = aGate();
    const batch = anOpenBatch({ keyLifetimeMs: 5_000 });
    const message = { attempts: 2, resolvedAttempts: 2, inDoubtSince: NOON - minute, batch };
    expect(gate.refusalOf(message, performance.now())).toBeUndefined();
    expect(gate.refusalOf({ ...message, attempts: 3 }, performance.now())).toBe('in doubt too long');
  });

  test('is held to the lifetime that the last grant read', () => {
    const gate = aGate();
    const batch = anOpenBatch({ keyLifetimeMs: minute });
    const message = { ...once, inDoubtSince: NOON - 20_000, batch };
    batch.keyLifetimeMs = 20_000;
    expect(gate.refusalOf(message, performance.now())).toBe('in doubt too long');
    batch.keyLifetimeMs = Infinity;
    expect(gate.refusalOf(message, performance.now())).toBeUndefined();
  });

  test('passes at any time when the provider knows it for ever, and never after the end', () => {
    const gate = aGate();
    const batch = anOpenBatch({ endAt: NOON + 2_000 });
    const message = { ...once, inDoubtSince: 0, batch };
    expect(gate.refusalOf(message, performance.now())).toBeUndefined();
    expect(gate.latestStartOf(message)).toBe(gate.latestStart(batch));
    vi.advanceTimersByTime(1_500);
    expect(gate.refusalOf(message, performance.now())).toBe('too late');
  });

  test("does not pass while the database's time is not known", () => {
    const gate = new SendGate(aConfig(), new DatabaseClock(), new SendSwitch());
    const batch = anOpenBatch({ keyLifetimeMs: minute });
    expect(gate.refusalOf({ ...once, inDoubtSince: NOON, batch }, performance.now())).toBeDefined();
  });
});

describe('a change of a mailing', () => {
  test('that stops it shuts the gate for its batches, and for no others', () => {
    const gate = aGate();
    expect(gate.apply(change)).toBe(true);
    expect(gate.refusal(anOpenBatch({ mailingId: 7 }))).toBe('stopped');
    expect(gate.refusal(anOpenBatch({ mailingId: 8 }))).toBeUndefined();
  });

  test('counts only if it is newer than the last one', () => {
    const gate = aGate();
    gate.apply(change);
    expect(gate.apply({ ...change, version: 4, stopped: false })).toBe(false);
    expect(gate.apply({ ...change, version: 5, stopped: false })).toBe(false);
    expect(gate.refusal(anOpenBatch())).toBe('stopped');

    expect(gate.apply({ ...change, version: 6, stopped: false })).toBe(true);
    expect(gate.refusal(anOpenBatch())).toBeUndefined();
  });

  test('that shortens it is honoured at once, before the next grant reads the new end', () => {
    const gate = aGate();
    const batch = anOpenBatch({ endAt: NOON + 60_000 });
    gate.apply({ ...change, stopped: false, endAt: NOON + 1_000 });
    expect(gate.refusal(batch)).toBeUndefined();
    vi.advanceTimersByTime(500);
    expect(gate.refusal(batch)).toBe('too late');
  });

  test('that gives it longer waits for the next grant', () => {
    const gate = aGate();
    gate.apply({ ...change, stopped: false, endAt: NOON + 60_000 });
    expect(gate.latestStart(anOpenBatch({ endAt: NOON + 2_000 })) - performance.now()).toBe(1_500);
  });

  test('is forgotten when nobody speaks of it any more', () => {
    const gate = aGate();
    gate.apply(change);
    gate.forgetAllBut(new Set([7]));
    expect(gate.refusal(anOpenBatch())).toBe('stopped');
    gate.forgetAllBut(new Set([8]));
    expect(gate.refusal(anOpenBatch())).toBeUndefined();
  });

  test('remembers the newest ten thousand changes, however many are heard of', () => {
    const gate = aGate();
    for (let mailingId = 1; mailingId <= 10_001; mailingId += 1) gate.apply({ ...change, mailingId });
    expect(gate.refusal(anOpenBatch({ mailingId: 1 }))).toBeUndefined();
    expect(gate.refusal(anOpenBatch({ mailingId: 2 }))).toBe('stopped');
    expect(gate.refusal(anOpenBatch({ mailingId: 10_001 }))).toBe('stopped');
    gate.apply({ ...change, mailingId: 2, version: 6 });
    expect(gate.refusal(anOpenBatch({ mailingId: 3 }))).toBe('stopped');
  });
});
