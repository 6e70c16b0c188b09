import { describe, expect, test } from 'vitest';
import type { Outcome, Suspicion } from '#libs/providers/kinds';
import { type Effect, effectOf, effectOfOwn } from '../../../apps/dispatcher/record/outcome-effect.js';

const error = 'why';
const policy = { maxAttempts: 3, probe: false, onAmbiguous: 'resend' } as const;
const after = (attempts: number, resolvedAttempts = 0) => ({ attempts, resolvedAttempts });
const leave: Effect = { type: 'leave' };
const throttledAnswer = { kind: 'throttled', httpStatus: 429, retryAfterMs: 5, error } as const;
const misconfiguredAnswer = { kind: 'misconfigured', httpStatus: 401, error } as const;
const times = (effect: Effect): [Effect, Effect, Effect] => [effect, effect, effect];
const suspect = (answer: Suspicion): Effect => ({ type: 'suspect', answer });

function record(
  becomes: 'sent' | 'failed' | 'unknown' | 'pending',
  attempts: number,
  ambiguous = false,
): Effect {
  return { type: 'record', becomes, ambiguous, attempts };
}

/** What each kind of outcome makes of a message's first attempt, of its last one, and of a probe with it. */
const effects: [outcome: Outcome, first: Effect, last: Effect, probe: Effect][] = [
  [{ kind: 'accepted' }, record('sent', 1), record('sent', 3), record('sent', 3)],
  [
    { kind: 'refused', httpStatus: 422, error },
    record('failed', 1),
    record('failed', 3),
    record('failed', 3),
  ],
  [
    { kind: 'notNow', httpStatus: 200, error },
    record('pending', 1),
    record('failed', 3),
    record('pending', 2),
  ],
  [
    { kind: 'ambiguous', httpStatus: 500, error },
    record('pending', 1, true),
    record('unknown', 3, true),
    record('pending', 2, true),
  ],
  [
    { kind: 'ambiguous', error },
    record('pending', 1, true),
    record('unknown', 3, true),
    record('pending', 2, true),
  ],
  [{ kind: 'notSent', error }, leave, leave, leave],
  [{ kind: 'notSent', withdrawn: true, error }, leave, leave, leave],
  [throttledAnswer, ...times(suspect(throttledAnswer))],
  [misconfiguredAnswer, ...times(suspect(misconfiguredAnswer))],
];

describe.for(effects)('%o', ([outcome, first, last, probe]) => {
  test('on the first attempt', () => {
    expect(effectOf(outcome, after(0), policy)).toEqual(first);
  });

  test('on the last attempt', () => {
    expect(effectOf(outcome, after(2), policy)).toEqual(last);
  });

  test('by a probe, which uses no attempt up', () => {
    expect(effectOf(outcome, after(2), { ...policy, probe: true })).toEqual(probe);
  });

  test('never says that a message failed or is lost when it may be accepted', () => {
    const effect = effectOf(outcome, after(99), policy);
    if (outcome.kind === 'ambiguous') expect(effect).toMatchObject({ becomes: 'unknown', ambiguous: true });
    else expect(effect).not.toMatchObject({ ambiguous: true });
  });
});

describe('of a mailing that holds what is in doubt', () => {
  const holding = { ...policy, onAmbiguous: 'hold' } as const;

  test.for([false, true])(
    'an answer in doubt ends the message at once, and is an attempt (probe: %s)',
    (probe) => {
      const outcome = { kind: 'ambiguous', error } as const;
      expect(effectOf(outcome, after(0), { ...holding, probe })).toEqual(record('unknown', 1, true));
    },
  );

  test('what was certainly not taken is tried again all the same', () => {
    const notNow = { kind: 'notNow', httpStatus: 200, error } as const;
    expect(effectOf(notNow, after(0), holding)).toEqual(record('pending', 1));
    expect(effectOf({ kind: 'notSent', error }, after(0), holding)).toEqual(leave);
  });
});

test('attempts that a person has judged use nothing up', () => {
  const notNow = { kind: 'notNow', httpStatus: 200, error } as const;
  expect(effectOf(notNow, after(4, 3), policy)).toEqual(record('pending', 5));
  expect(effectOf(notNow, after(5, 3), policy)).toEqual(record('failed', 6));
});

describe('a suspicious answer that proved to be its own', () => {
  const none = { ownThrottles: 0, ownRefusals: 0 };
  const own = (suspicion: Suspicion, attempts: number, answers: Partial<typeof none>, resolvedAttempts = 0) =>
    effectOfOwn(suspicion, { attempts, resolvedAttempts, ...none, ...answers }, policy);
  const says = (httpStatus: number): Suspicion => ({ kind: 'misconfigured', httpStatus, error });
  const throttled = (httpStatus: number): Suspicion => ({
    kind: 'throttled',
    httpStatus,
    retryAfterMs: 1,
    error,
  });

  test('is an attempt, and at last the message failed', () => {
    expect(own(says(402), 0, {})).toEqual({ becomes: 'pending', attempts: 1, ...none, ownRefusals: 1 });
    expect(own(says(402), 2, { ownRefusals: 2 })).toMatchObject({ becomes: 'failed', attempts: 3 });
    expect(own(says(402), 4, { ownRefusals: 2 }, 3), 'a person has judged three').toMatchObject({
      becomes: 'pending',
    });
  });

  test('is an attempt from the third 429 on', () => {
    expect(own(throttled(429), 0, {})).toEqual({ becomes: 'pending', attempts: 0, ...none, ownThrottles: 1 });
    expect(own(throttled(429), 0, { ownThrottles: 1 })).toMatchObject({ attempts: 0, ownThrottles: 2 });
    expect(own(throttled(429), 0, { ownThrottles: 2 })).toMatchObject({ becomes: 'pending', attempts: 1 });
    expect(own(throttled(429), 2, { ownThrottles: 4 })).toMatchObject({ becomes: 'failed', attempts: 3 });
    expect(own(throttled(429), 0, { ownRefusals: 9 }), 'refusals are no 429s').toMatchObject({ attempts: 0 });
  });

  test('is not there when the provider asked for a pause by 503', () => {
    expect(own(throttled(503), 2, { ownThrottles: 9 })).toBeUndefined();
  });

  test('ends the message by the provider’s own body, when it was refused before', () => {
    const refuses: Suspicion = { kind: 'misconfigured', httpStatus: 403, refuses: true, error };
    expect(own(refuses, 0, {})).toMatchObject({ becomes: 'pending', attempts: 1 });
    expect(own(refuses, 1, { ownRefusals: 1 })).toMatchObject({ becomes: 'failed', attempts: 2 });
    expect(own(refuses, 0, { ownThrottles: 9 }), 'throttled is not refused').toMatchObject({
      becomes: 'pending',
    });
    expect(own(says(403), 1, { ownRefusals: 1 }), 'without it').toMatchObject({ becomes: 'pending' });
  });

  test('is counted as far as its column goes', () => {
    const most = { ownThrottles: 32_767, ownRefusals: 32_767 };
    expect(effectOfOwn(says(402), { attempts: 9, resolvedAttempts: 9, ...most }, policy)).toMatchObject(most);
  });
});
