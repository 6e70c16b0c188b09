import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SliceRequest } from '#libs/queue/grant';
import { PiggybackedGrant } from '../../../apps/dispatcher/grant/piggybacked-grant.js';
import { UnrecordedCap } from '../../../apps/dispatcher/grant/unrecorded-cap.js';

/** Asks for places; `granted` tells whether they were given, after everything that was due has happened. */
function ask(cap: UnrecordedCap, count: number, priority?: number) {
  const given = cap.acquire(count, priority === undefined ? {} : { priority }).then(() => true);
  const afterIt = () => Promise.resolve().then(() => Promise.resolve(false));
  return { granted: () => Promise.race([given, afterIt()]) };
}

describe('the cap on unrecorded messages', () => {
  test('gives places while there are some, and keeps the rest waiting', async () => {
    const cap = new UnrecordedCap(10);
    const [first, second, third] = [ask(cap, 6), ask(cap, 4), ask(cap, 1)];
    expect([await first.granted(), await second.granted(), await third.granted()]).toEqual([
      true,
      true,
      false,
    ]);
    expect(cap.unrecorded).toBe(10);
    cap.free(1);

    expect(await third.granted()).toBe(true);
    expect(cap.unrecorded).toBe(10);
  });

  test('serves in order, so that a large slice is not passed by small ones for ever', async () => {
    const cap = new UnrecordedCap(10);
    ask(cap, 8);
    const large = ask(cap, 9);
    const small = ask(cap, 1);
    expect([await large.granted(), await small.granted()]).toEqual([false, false]);
    cap.free(8);

    expect([await large.granted(), await small.granted()]).toEqual([true, true]);
    expect(cap.unrecorded).toBe(10);
  });

  test('serves higher priority first, in order within it', async () => {
    const cap = new UnrecordedCap(10);
    ask(cap, 10);
    const low = ask(cap, 1);
    const high = [ask(cap, 1, 9), ask(cap, 1, 9)];
    const middle = ask(cap, 1, 5);
    const line = [...high, middle, low];
    for (let served = 1; served <= line.length; served += 1) {
      cap.free(1);
      const granted = await Promise.all(line.map((one) => one.granted()));
      expect(granted).toEqual(line.map((_, nth) => nth < served));
    }
  });

  test('can be filled by one slice of its whole size', async () => {
    const cap = new UnrecordedCap(3);
    expect(await ask(cap, 3).granted()).toBe(true);
  });

  test('keeps nobody waiting for no place at all, as those who have theirs may be what is waited for', async () => {
    const cap = new UnrecordedCap(2);
    ask(cap, 2);
    ask(cap, 1);
    expect(await ask(cap, 0).granted()).toBe(true);
  });

  test('lets go of a wish when there is news first, and serves those behind it', async () => {
    const cap = new UnrecordedCap(2);
    ask(cap, 1);
    let tell = () => {};
    const news = new Promise<void>((resolve) => (tell = resolve));
    const given = cap.acquire(2, { news: () => news });
    const behind = ask(cap, 1);
    expect(await behind.granted()).toBe(false);
    tell();

    expect(await given).toBe(false);
    expect(await behind.granted()).toBe(true);
    expect(cap.unrecorded).toBe(2);
  });

  test('does not wait for news where there is room', async () => {
    const cap = new UnrecordedCap(2);
    expect(await cap.acquire(2, { news: () => Promise.reject(new Error('never asked')) })).toBe(true);
    expect(cap.unrecorded).toBe(2);
  });

  test('is never exceeded, and everyone is served in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }).chain((size) =>
          fc.record({
            size: fc.constant(size),
            slices: fc.array(fc.integer({ min: 1, max: size }), { minLength: 1, maxLength: 30 }),
          }),
        ),
        async ({ size, slices }) => {
          const cap = new UnrecordedCap(size);
          let most = 0;
          await Promise.all(
            slices.map(async (count) => {
              await cap.acquire(count);
              most = Math.max(most, cap.unrecorded);
              for (let left = count; left > 0; left -= 1) {
                await Promise.resolve();
                cap.free(1);
              }
            }),
          );
          expect(most).toBeLessThanOrEqual(size);
          expect(cap.unrecorded).toBe(0);
        },
      ),
    );
  });
});

describe('a grant that may piggyback on the statement which frees its places', () => {
  /** All four places are taken, and a grant of two waits for some. */
  async function aPiggyback({ mayGrant = true, count = 2 } = {}) {
    const cap = new UnrecordedCap(4);
    await cap.acquire(4);
    const piggyback = new PiggybackedGrant({} as SliceRequest, () => mayGrant);
    const given = cap.acquire(count, { piggyback });
    return { cap, piggyback, given };
  }

  test('has them from the moment in which it is taken along', async () => {
    const { cap, piggyback, given } = await aPiggyback();
    const behind = ask(cap, 1);
    expect(cap.admitPiggyback(2)).toBe(piggyback);
    expect(piggyback.sentAt).toBeLessThanOrEqual(performance.now());
    expect(await given).toBe(true);
    expect(cap.unrecorded).toBe(6);
    cap.free(2);
    expect(cap.unrecorded).toBe(4);
    expect(await behind.granted()).toBe(false);
    cap.free(1);
    expect(await behind.granted()).toBe(true);
  });

  test.each([
    ['too few places are freed', { count: 2 }, 1],
    ['it may not be granted any more', { mayGrant: false }, 2],
  ])('stays in the line when %s', async (_, given, freed) => {
    const { cap, piggyback } = await aPiggyback(given);
    expect(cap.admitPiggyback(freed)).toBeUndefined();
    expect(piggyback.sentAt).toBeUndefined();
    expect(cap.unrecorded).toBe(4);
    expect(cap.missing).toBe(2);
  });

  test('is not preferred to whoever is first in the line and can not piggyback', async () => {
    const cap = new UnrecordedCap(4);
    await cap.acquire(4);
    const first = ask(cap, 1);
    void cap.acquire(1, { piggyback: new PiggybackedGrant({} as SliceRequest, () => true) });
    expect(cap.admitPiggyback(4)).toBeUndefined();
    expect(await first.granted()).toBe(false);
  });

  test('does not piggyback twice', async () => {
    const { cap } = await aPiggyback();
    expect(cap.admitPiggyback(2)).toBeDefined();
    expect(cap.admitPiggyback(4)).toBeUndefined();
  });
});
