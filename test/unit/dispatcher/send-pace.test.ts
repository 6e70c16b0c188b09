import { describe, expect, test } from 'vitest';
import { SendPace } from '../../../apps/dispatcher/outlets/send-pace.js';

/** One round trip: as many requests as are allowed at once, all accepted; returns what is allowed then. */
function roundTrip(pace: SendPace): number {
  for (let left = pace.limit; left > 0; left -= 1) pace.grow();
  return pace.limit;
}

/** A pace that has grown to every connection. */
function warm(most: number): SendPace {
  const pace = new SendPace(most);
  while (pace.limit < most) pace.grow();
  return pace;
}

describe('the pace', () => {
  test('begins with 8 and doubles each round trip, up to every connection', () => {
    const pace = new SendPace(50);
    expect(pace.limit).toBe(8);
    expect([1, 2, 3, 4].map(() => roundTrip(pace))).toEqual([16, 32, 50, 50]);
  });

  test('begins with every connection when there are fewer than 8', () => {
    expect(new SendPace(3).limit).toBe(3);
  });

  test('begins again after an outage, but never by growing', () => {
    const pace = warm(64);
    pace.startSlowly();
    expect(pace.limit).toBe(8);
    pace.halve();
    pace.startSlowly();
    expect(pace.limit).toBe(4);
  });

  test('is halved by each throttling, down to one request, and grows again', () => {
    const pace = warm(10);
    const limits = [1, 2, 3, 4, 5].map(() => {
      pace.halve();
      return pace.limit;
    });
    expect(limits).toEqual([5, 2, 1, 1, 1]);
    expect(roundTrip(pace)).toBe(2);
  });

  test('begins again when its connections have gone cold: nothing on the wire for over a second', () => {
    const pace = warm(64);
    pace.use(10_000, 0);
    expect(pace.limit).toBe(8);
    while (pace.limit < 64) pace.grow();

    pace.use(10_900, 0);
    pace.use(11_900, 0);
    expect(pace.limit, 'a second is not over').toBe(64);
    pace.use(14_000, 1);
    expect(pace.limit, 'another request was under way').toBe(64);
    pace.use(15_001, 0);
    expect(pace.limit).toBe(8);
  });

  test('grows as fast when all answers take longer than a second and come together', () => {
    const pace = new SendPace(64);
    const limits = [2_000, 4_000, 6_000].map((answeredAt) => {
      const requests = pace.limit;
      for (let nth = 0; nth < requests; nth += 1) pace.use(answeredAt - 2_000, nth);
      for (let nth = 0; nth < requests; nth += 1) {
        pace.grow();
        pace.rest(answeredAt);
      }
      return pace.limit;
    });
    expect(limits).toEqual([16, 32, 64]);

    pace.use(7_001, 0);
    expect(pace.limit, 'a second and a millisecond after the last answer').toBe(8);
  });
});
