import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Sql } from '#libs/database';
import type { WaitingMessage } from '#libs/queue/lease';
import type { GrantedMessage } from '../../../apps/dispatcher/grant/open-batch.js';
import { SliceGranter } from '../../../apps/dispatcher/grant/slice-granter.js';
import { UnrecordedCap } from '../../../apps/dispatcher/grant/unrecorded-cap.js';
import { DatabaseClock } from '../../../apps/dispatcher/process/database-clock.js';
import type { DispatcherIdentity } from '../../../apps/dispatcher/process/dispatcher-identity.js';
import { aConfig, anOpenBatch } from './dispatcher-fixture.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const recipient = {
  clientId: 1,
  phone: 79001112233,
  attempts: 0,
  resolvedAttempts: 0,
  suspicions: 0,
  ownThrottles: 0,
  ownRefusals: 0,
  inDoubtSince: null,
};
const messages: WaitingMessage[] = [1, 2].map((id) => ({ id, ...recipient }));

/** All places are taken: first in the line for them is a slice of two, and a single message is behind. */
async function aLine({ probe = false } = {}) {
  const cap = new UnrecordedCap(3);
  await cap.acquire(3);
  const batch = anOpenBatch({ cap, probe });
  batch.granted(3);
  batch.ungranted.add(messages);
  // No grant gets as far as Postgres here.
  const granter = new SliceGranter(aConfig(), {} as Sql, {} as DispatcherIdentity, new DatabaseClock());
  const mayGrant = vi.fn<() => boolean>(() => true);
  const answered = vi.fn<(answer: unknown) => void>();
  void granter.grantNext(batch, 2, mayGrant).then(answered);
  const behind = vi.fn<() => void>();
  void cap.acquire(1).then(behind);
  await vi.advanceTimersByTimeAsync(0);
  return { cap, batch, mayGrant, answered, behind };
}

/** What comes back when the wish for places is given up. */
const nothing = { messages: [], shortOf: null, askAgainAt: 0 };

describe('a slice that waits for places under the cap', () => {
  test('keeps its turn, however long that takes', async () => {
    const { cap, batch, mayGrant, answered, behind } = await aLine();
    await vi.advanceTimersByTimeAsync(10_500);
    cap.free(1);
    await vi.advanceTimersByTimeAsync(10_500);
    batch.settle('accepted');
    mayGrant.mockReturnValueOnce(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(answered, 'it got its places, and was then refused').toHaveBeenCalledExactlyOnceWith(undefined);
    expect(batch.ungranted.size).toBe(2);
    expect(behind).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(5_000);

    expect(vi.getTimerCount(), 'nobody looks up any more').toBe(0);
  });

  test('passes those of a lower priority', async () => {
    const cap = new UnrecordedCap(1);
    await cap.acquire(1);
    const granter = new SliceGranter(aConfig(), {} as Sql, {} as DispatcherIdentity, new DatabaseClock());
    const before = vi.fn<() => void>();
    void cap.acquire(1, { priority: 4 }).then(before);
    const batch = anOpenBatch({ cap, priority: 5 });
    batch.ungranted.add(messages);
    // It got its place when it is asked again, and is refused.
    const mayGrant = vi.fn<() => boolean>(() => false);
    void granter.grantNext(batch, 1, mayGrant);
    await vi.advanceTimersByTimeAsync(0);
    expect(mayGrant).not.toHaveBeenCalled();
    cap.free(1);
    expect(before).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(0);
    expect(mayGrant).toHaveBeenCalledOnce();
    expect(mayGrant.mock.invocationCallOrder[0]).toBeLessThan(before.mock.invocationCallOrder[0] ?? 0);
  });

  test('is not passed by those behind it', async () => {
    const { cap, behind } = await aLine();
    for (let second = 0; second < 5; second += 1) await vi.advanceTimersByTimeAsync(1_000);
    cap.free(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(behind).not.toHaveBeenCalled();
  });

  test('lets what lapsed meanwhile go first', async () => {
    const { batch, answered } = await aLine();
    const times = { grantedAt: 0, hasSlot: true, startFrom: 0, startUntil: 0 };
    const lapsed: GrantedMessage = { id: 3, ...recipient, ...times, batch };
    batch.regrant(lapsed);
    await vi.advanceTimersByTimeAsync(0);
    expect(answered).toHaveBeenCalledExactlyOnceWith(nothing);
    expect(batch.ungranted.nextSlice(9).messages).toEqual([lapsed]);
    expect(batch.ungranted.nextSlice(9).messages).toEqual(messages);
  });

  test('is given up when a message of its batch was left', async () => {
    const { batch, answered } = await aLine();
    batch.settleUnsent('returned');
    await vi.advanceTimersByTimeAsync(0);
    expect(answered).toHaveBeenCalledExactlyOnceWith(nothing);
  });

  test('is given up within a second of the end of sending', async () => {
    const { mayGrant, answered } = await aLine();
    mayGrant.mockReturnValue(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(answered).toHaveBeenCalledExactlyOnceWith(nothing);
  });

  test('waits for a second only if it is a probe', async () => {
    const { answered } = await aLine({ probe: true });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(answered).toHaveBeenCalledExactlyOnceWith(nothing);
  });
});

test('a grant whose answer was lost keeps its places until its batch ends, for it may be committed', async () => {
  const sql = { query: () => Promise.reject(new Error('the connection broke')) };
  const cap = new UnrecordedCap(3);
  const batch = anOpenBatch({ cap });
  batch.ungranted.add(messages);
  const granter = new SliceGranter(
    aConfig(),
    sql as unknown as Sql,
    {} as DispatcherIdentity,
    new DatabaseClock(),
  );

  await expect(granter.grantNext(batch, 2, () => true)).rejects.toThrow('the connection broke');
  expect(batch.ungranted.size).toBe(2);
  expect(cap.unrecorded).toBe(2);
  batch.end();
  expect(cap.unrecorded).toBe(0);
});

test('a grant whose answer was slow is good for a moment all the same', async () => {
  const answerMs = 5_000;
  const row = { ids: [1, 2], endAt: Infinity, now: 0, keyLifetimeMs: null };
  const sql = { query: () => new Promise((resolve) => setTimeout(() => resolve([row]), answerMs)) };
  const cap = new UnrecordedCap(3);
  const batch = anOpenBatch({ cap });
  batch.ungranted.add(messages);
  const identity = {} as DispatcherIdentity;
  const granter = new SliceGranter(aConfig(), sql as unknown as Sql, identity, new DatabaseClock());
  const granting = granter.grantNext(batch, 2, () => true);
  await vi.advanceTimersByTimeAsync(answerMs);
  const granted = await granting;

  expect(granted?.messages.map(({ startUntil }) => startUntil - performance.now())).toEqual([100, 100]);
});
