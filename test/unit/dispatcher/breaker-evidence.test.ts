import { describe, expect, test } from 'vitest';
import type { Outcome } from '#libs/providers/kinds';
import { BreakerEvidence, type Witness } from '../../../apps/dispatcher/outlets/breaker-evidence.js';

const accepted: Outcome = { kind: 'accepted' };
const refused: Outcome = { kind: 'refused', httpStatus: 422, error: 'no such number' };
const notNow: Outcome = { kind: 'notNow', httpStatus: 200, error: 'busy' };
const notSent: Outcome = { kind: 'notSent', error: 'ECONNREFUSED' };
const withdrawn: Outcome = { kind: 'notSent', withdrawn: true, error: 'too late' };
const ambiguous: Outcome = { kind: 'ambiguous', error: 'no answer' };
const misconfigured: Outcome = { kind: 'misconfigured', httpStatus: 403, error: 'token' };
const throttled = (retryAfterMs?: number, httpStatus = 429): Outcome => ({
  kind: 'throttled',
  httpStatus,
  retryAfterMs,
  error: 'slower',
});

/** One request after another, each of another recipient if not said; each takes a millisecond. */
class Requests {
  readonly evidence = new BreakerEvidence<Witness>();
  now = 0;

  told(outcome: Outcome, given: Partial<Witness> & { startedAt?: number } = {}) {
    this.now += 1;
    const { id = this.now, phone = id, ownThrottles = 0, ownRefusals = 0, startedAt = this.now } = given;
    const message = { id, phone, ownThrottles, ownRefusals };
    return { message, outcome, latencyMs: 1, startedAt, answeredAt: this.now + 0.5 };
  }

  answered(...given: Parameters<Requests['told']>) {
    const answered = this.told(...given);
    const own = this.evidence.findOwn(answered).map(({ message }) => message.id);
    return { own, verdict: this.evidence.weigh(answered) };
  }

  /** After how many of these the breaker opens; undefined if it does not. */
  opensAfter(outcomes: Outcome[], of: (nth: number) => Partial<Witness> = () => ({})): number | undefined {
    const index = outcomes.findIndex((outcome, nth) => this.answered(outcome, of(nth)).verdict !== undefined);
    return index < 0 ? undefined : index + 1;
  }
}

const opensAfter = (...given: Parameters<Requests['opensAfter']>) => new Requests().opensAfter(...given);
const times = (count: number, ...outcomes: Outcome[]) => Array.from({ length: count }, () => outcomes).flat();

describe('a provider counts as down', () => {
  test('after 5 requests in a row that did not reach it, of whomever', () => {
    expect(opensAfter(times(10, notSent))).toBe(5);
    expect(opensAfter(times(10, notSent), () => ({ id: 1 }))).toBe(5);
  });

  test('after 20 in a row that failed on its side, of two recipients at least', () => {
    expect(opensAfter(times(30, ambiguous))).toBe(20);
    expect(opensAfter(times(30, ambiguous), (nth) => ({ phone: nth === 24 ? 2 : 1 }))).toBe(25);
  });

  test('after 5 that did not reach it among others that failed', () => {
    expect(opensAfter(times(20, ambiguous, notSent))).toBe(10);
  });

  test.for([misconfigured, throttled()])(
    'after suspicious answers to 8 different recipients: %o',
    (outcome) => {
      expect(opensAfter(times(20, outcome))).toBe(8);
      expect(
        opensAfter(times(20, outcome), (nth) => ({ phone: Math.min(nth, 7) })),
        'of different kinds',
      ).toBe(8);
    },
  );

  test('and is probed at once where others may be served, and after the pause that all were asked for by a 503', () => {
    const verdictOf = (outcomes: Outcome[]) => {
      const requests = new Requests();
      return outcomes.map((outcome) => requests.answered(outcome).verdict).at(-1);
    };
    expect(verdictOf(times(8, misconfigured))).toEqual({
      reason: 'misconfigured: token',
      retryInMs: 0,
      askedForMs: 0,
    });
    expect(verdictOf(times(8, throttled(7_000))), 'eight people got too many messages').toEqual({
      reason: 'throttled: slower',
      retryInMs: 0,
      askedForMs: 7_000,
    });
    expect(verdictOf(times(8, throttled(7_000, 503)))).toMatchObject({ retryInMs: 7_000, askedForMs: 7_000 });
    expect(verdictOf([...times(7, throttled(7_000, 503)), throttled(7_000)])).toMatchObject({ retryInMs: 0 });
    expect(verdictOf(times(8, throttled(undefined, 503)))).toMatchObject({ retryInMs: 1_000 });
    expect(
      verdictOf([throttled(3_600_000, 503), ...times(7, throttled(1_000, 503))]),
      'one is told to wait an hour',
    ).toMatchObject({ retryInMs: 1_000 });
  });

  test('with the last error as the reason', () => {
    const requests = new Requests();
    const verdicts = times(5, notSent).map((outcome) => requests.answered(outcome).verdict);
    expect(verdicts.at(-1)).toMatchObject({ reason: 'unreachable: ECONNREFUSED', retryInMs: 1_000 });
  });

  test('for a reason of our own when its address is wrong', () => {
    const requests = new Requests();
    const outcome: Outcome = { kind: 'notSent', misaddressed: 'host name', error: 'ENOTFOUND x' };
    const verdicts = times(5, outcome).map((one) => requests.answered(one).verdict);
    expect(verdicts.at(-1)).toMatchObject({ reason: 'misaddressed: ENOTFOUND x' });
  });
});

describe('a provider does not count as down', () => {
  test.for([accepted, refused, notNow])('as long as it answers: %o', (answer) => {
    expect(opensAfter(times(50, ...times(4, notSent), answer))).toBeUndefined();
    expect(opensAfter(times(50, ...times(19, ambiguous), answer))).toBeUndefined();
    expect(opensAfter(times(50, ...times(7, misconfigured), answer))).toBeUndefined();
    expect(opensAfter(times(50, ...times(7, throttled()), answer))).toBeUndefined();
  });

  test('for one recipient, whatever it is answered', () => {
    for (const outcome of [misconfigured, throttled(), ambiguous]) {
      expect(opensAfter(times(100, outcome), () => ({ phone: 1 }))).toBeUndefined();
    }
  });

  test('for recipients whose answers of that kind proved to be their own', () => {
    expect(opensAfter(times(100, misconfigured), () => ({ ownRefusals: 1 }))).toBeUndefined();
    expect(opensAfter(times(100, throttled()), () => ({ ownThrottles: 3 }))).toBeUndefined();
    expect(
      opensAfter(times(100, throttled()), () => ({ ownThrottles: 2 })),
      'two 429s are not enough',
    ).toBe(8);
    expect(
      opensAfter(times(100, misconfigured), () => ({ ownThrottles: 9 })),
      'a limit that was exceeded says nothing about a token',
    ).toBe(8);
    expect(
      opensAfter(times(100, throttled()), () => ({ ownRefusals: 9 })),
      'nor the other way round',
    ).toBe(8);
  });

  test('when another recipient was served by a request that started later, though it was answered first', () => {
    const requests = new Requests();
    requests.opensAfter(times(7, misconfigured));
    requests.answered(accepted, { startedAt: 7.2 });
    expect(requests.opensAfter(times(20, misconfigured))).toBe(8);

    const older = new Requests();
    older.opensAfter(times(7, misconfigured));
    older.answered(accepted, { startedAt: 0 });
    expect(older.opensAfter(times(20, misconfigured)), 'one that started before says nothing').toBe(1);
  });

  test('for requests that were withdrawn on our side', () => {
    expect(opensAfter(times(100, withdrawn))).toBeUndefined();
    expect(opensAfter([...times(4, notSent), ...times(9, withdrawn), notSent]), 'nor does it clear it').toBe(
      14,
    );
  });

  describe('for recipients over whom sending stopped before, and went on as others were served', () => {
    const same = (nth: number) => ({ phone: 100 + (nth % 8) });
    /** Eight recipients stopped sending, and one more agreed when that was done; others were served all the same. */
    function refuted(outcome: Outcome) {
      const requests = new Requests();
      expect(requests.opensAfter(times(8, outcome), same)).toBe(8);
      requests.evidence.reset();
      requests.evidence.noteLate(requests.told(outcome, { phone: 108 }));
      requests.evidence.resumed(true, requests.now);
      return requests;
    }

    test.for([misconfigured, throttled()])('with %o', (outcome) => {
      const requests = refuted(outcome);
      expect(requests.opensAfter(times(100, outcome), (nth) => ({ phone: 100 + (nth % 9) }))).toBeUndefined();
      expect(requests.opensAfter(times(8, outcome)), 'others do agree').toBe(8);
    });

    test('unless the answer is of another kind', () => {
      expect(refuted(misconfigured).opensAfter(times(8, throttled()), same)).toBe(8);
      expect(refuted(throttled()).opensAfter(times(8, misconfigured), same)).toBe(8);
    });

    test('unless it is about everybody by its kind', () => {
      expect(refuted(throttled(5_000, 503)).opensAfter(times(8, throttled(5_000, 503)), same)).toBe(8);
    });

    test('unless they were served since', () => {
      const requests = refuted(misconfigured);
      for (let nth = 0; nth < 8; nth += 1) requests.evidence.noteServed(requests.told(accepted, same(nth)));
      expect(requests.opensAfter(times(8, misconfigured), same)).toBe(8);
    });

    test('unless they were served before sending went on', () => {
      const requests = new Requests();
      requests.opensAfter(times(8, misconfigured), same);
      requests.evidence.reset();
      for (let nth = 0; nth < 8; nth += 1) requests.evidence.noteServed(requests.told(accepted, same(nth)));
      expect(requests.evidence.resumed(true, requests.now)).toEqual({ throttled: [], misconfigured: [] });
    });

    test('until ten minutes have passed', () => {
      const requests = refuted(misconfigured);
      requests.now += 599_000;
      expect(requests.opensAfter(times(8, misconfigured), same)).toBeUndefined();
      requests.now += 1_000;
      expect(requests.opensAfter(times(8, misconfigured), same)).toBe(8);
    });

    test('unless they were right', () => {
      const requests = new Requests();
      requests.opensAfter(times(8, misconfigured), same);
      requests.evidence.reset();
      requests.evidence.resumed(false, requests.now);
      expect(requests.opensAfter(times(8, misconfigured), same)).toBe(8);
    });

    test('and their answers prove to be their own as ever', () => {
      const requests = refuted(misconfigured);
      requests.answered(misconfigured, { id: 7, phone: 100 });
      expect(requests.answered(accepted).own).toEqual([7]);
    });
  });

  test('when it is forgotten what was', () => {
    for (const [count, outcome] of [
      [4, notSent],
      [7, misconfigured],
    ] as const) {
      const requests = new Requests();
      requests.opensAfter(times(count, outcome));
      requests.evidence.reset();
      expect(requests.opensAfter(times(1, outcome))).toBeUndefined();
    }
  });
});

describe('a suspicious answer proves to be its own', () => {
  test('once, by another recipient that is served by a request which started after it', () => {
    const requests = new Requests();
    requests.answered(misconfigured, { id: 10 });
    requests.answered(throttled(), { id: 11 });
    expect(requests.answered(refused).own).toEqual([10, 11]);
    expect(requests.answered(accepted).own).toEqual([]);
  });

  test('not by one that had started before: the token may have become wrong in between', () => {
    const requests = new Requests();
    requests.answered(misconfigured, { id: 10 });
    expect(requests.answered(accepted, { startedAt: 1.4 }).own).toEqual([]);
    expect(requests.answered(accepted, { startedAt: 1.6 }).own).toEqual([10]);
  });

  test('not by another message to the same phone', () => {
    const requests = new Requests();
    requests.answered(misconfigured, { id: 10, phone: 7 });
    expect(requests.answered(accepted, { id: 11, phone: 7 }).own).toEqual([]);
    expect(requests.answered(accepted, { id: 12, phone: 8 }).own).toEqual([10]);
  });

  test.for([misconfigured, ambiguous, notSent])('not by what is no service itself: %o', (outcome) => {
    const requests = new Requests();
    requests.answered(misconfigured, { id: 10 });
    expect(requests.answered(outcome).own).toEqual([]);
  });

  test('the last one of its message only', () => {
    const requests = new Requests();
    requests.answered(misconfigured, { id: 10 });
    requests.answered(misconfigured, { id: 10 });
    expect(requests.answered(accepted).own).toEqual([10]);
  });

  test('never, when sending stopped over it', () => {
    const requests = new Requests();
    requests.opensAfter(times(8, misconfigured));
    requests.evidence.reset();
    expect(requests.answered(accepted).own).toEqual([]);
  });
});
