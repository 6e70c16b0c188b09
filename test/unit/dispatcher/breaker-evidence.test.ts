import { describe, expect, test } from 'vitest';
import type { Outcome } from '#libs/provider';
import { BreakerEvidence } from '../../../apps/dispatcher/provider/breaker-evidence.js';

const accepted: Outcome = { kind: 'accepted' };
const refused: Outcome = { kind: 'refused', httpStatus: 422, error: 'no such number' };
const notNow: Outcome = { kind: 'notNow', httpStatus: 200, error: 'busy' };
const notSent: Outcome = { kind: 'notSent', error: 'ECONNREFUSED' };
const withdrawn: Outcome = { kind: 'notSent', withdrawn: true, error: 'too late' };
const ambiguous: Outcome = { kind: 'ambiguous', error: 'no answer' };

/** After how many of these the breaker opens; undefined if it does not. */
function opensAfter(outcomes: Outcome[]): number | undefined {
  const evidence = new BreakerEvidence();
  const index = outcomes.findIndex((outcome) => evidence.note(outcome) !== undefined);
  return index < 0 ? undefined : index + 1;
}

const times = (count: number, ...outcomes: Outcome[]) => Array.from({ length: count }, () => outcomes).flat();

describe('a provider counts as down', () => {
  test('after 5 requests in a row that did not reach it', () => {
    expect(opensAfter(times(10, notSent))).toBe(5);
    expect(new BreakerEvidence().note(notSent)).toBeUndefined();
  });

  test('after 20 in a row that failed on its side', () => {
    expect(opensAfter(times(30, ambiguous))).toBe(20);
  });

  test('after 5 that did not reach it among others that failed', () => {
    expect(opensAfter(times(20, ambiguous, notSent))).toBe(10);
  });

  test.for([
    [
      { kind: 'throttled', httpStatus: 429, retryAfterMs: 7_000, error: 'slower' },
      'throttled: slower',
      7_000,
    ],
    [{ kind: 'throttled', httpStatus: 503, retryAfterMs: 0, error: 'slower' }, 'throttled: slower', 0],
    [
      { kind: 'throttled', httpStatus: 429, retryAfterMs: undefined, error: 'slower' },
      'throttled: slower',
      1_000,
    ],
    [{ kind: 'misconfigured', httpStatus: 401, error: 'token' }, 'misconfigured: token', undefined],
  ] satisfies [Outcome, string, number | undefined][])('at once: %o', ([outcome, reason, retryInMs]) => {
    const verdict = new BreakerEvidence().note(outcome);
    expect(verdict?.reason).toBe(reason);
    expect(verdict?.retryInMs).toBe(retryInMs);
  });

  test('with the last error as the reason', () => {
    const evidence = new BreakerEvidence();
    const verdicts = times(5, notSent).map((outcome) => evidence.note(outcome));
    expect(verdicts.at(-1)).toEqual({ reason: 'unreachable: ECONNREFUSED' });
  });
});

describe('a provider does not count as down', () => {
  test.for([accepted, refused, notNow])('as long as it answers: %o', (answer) => {
    expect(opensAfter(times(50, ...times(4, notSent), answer))).toBeUndefined();
    expect(opensAfter(times(50, ...times(19, ambiguous), answer))).toBeUndefined();
  });

  test('for requests that were withdrawn on our side', () => {
    expect(opensAfter(times(100, withdrawn))).toBeUndefined();
    expect(opensAfter([...times(4, notSent), ...times(9, withdrawn), notSent]), 'nor does it clear it').toBe(
      14,
    );
  });

  test('when it is forgotten what was', () => {
    const evidence = new BreakerEvidence();
    for (const outcome of times(4, notSent)) evidence.note(outcome);
    evidence.forget();
    expect(evidence.note(notSent)).toBeUndefined();
  });
});
