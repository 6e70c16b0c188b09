import { describe, expect, test } from 'vitest';
import type { Outcome } from '#libs/provider';
import { effectOf, type Effect } from '../../../apps/dispatcher/sending/outcome-effect.js';

const error = 'why';
const policy = { maxAttempts: 3, probe: false, onAmbiguous: 'resend' } as const;
const after = (attempts: number, resolvedAttempts = 0) => ({ attempts, resolvedAttempts });
const leave: Effect = { type: 'leave' };

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
  [{ kind: 'throttled', httpStatus: 429, retryAfterMs: 5, error }, leave, leave, leave],
  [{ kind: 'misconfigured', httpStatus: 401, error }, leave, leave, leave],
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
