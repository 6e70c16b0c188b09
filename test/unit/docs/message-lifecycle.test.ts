import { describe, expect, it } from 'vitest';
import { mailingStatuses } from '#libs/mailings';
import { messageStatuses } from '#libs/queue/transitions';
import { classifyAnswer, type Outcome } from '#libs/providers/kinds';
import { effectOf, effectOfOwn } from '../../../apps/dispatcher/record/outcome-effect.js';
import { codeSpans, sources, tableRows, textOf } from '../../support/documents.js';
import { BEGINNING, stateDiagrams } from '../../support/state-diagram.js';

const page = textOf('docs/message-lifecycle.md');
const [message, mailing, ...more] = stateDiagrams(page);
const strength = new Map<string, number>(messageStatuses.map((status, index) => [status, index]));

/** `not now` → `notNow`: documents use words, the code uses names. */
const nameOf = (words: string) => words.replaceAll(/ (\w)/g, (_, letter: string) => letter.toUpperCase());

describe('docs/message-lifecycle.md', () => {
  it('draws one diagram of messages and one of mailings, with the statuses of the code', () => {
    expect(more).toEqual([]);
    expect([...(message?.states ?? [])].toSorted()).toEqual(messageStatuses.toSorted());
    expect([...(mailing?.states ?? [])].toSorted()).toEqual(mailingStatuses.toSorted());
  });

  const isResolved = ({ label }: { label: string }) => label.startsWith('resolved ');

  it('lets a message move up only, unless a person resolves what is unknown', () => {
    const resolved = message?.transitions.filter(isResolved) ?? [];
    expect(resolved.map(({ from }) => from)).toEqual(['unknown', 'unknown']);
    const moves = message?.transitions.filter((one) => one.from !== BEGINNING && !isResolved(one)) ?? [];
    expect(moves.length).toBeGreaterThan(0);
    for (const { from, to } of moves) {
      expect(strength.get(to), `${from} → ${to}`).toBeGreaterThan(strength.get(from) ?? Infinity);
    }
  });

  it('lets a message stay pending until something final happens, and come back to it by a resolution only', () => {
    const rows = tableRows(page, 'status');
    expect(rows.map(({ status }) => status)).toEqual(messageStatuses.map((status) => `\`${status}\``));
    expect(rows.filter(({ final }) => final === 'no').map(({ status }) => status)).toEqual(['`pending`']);
    expect(message?.transitions.filter(({ to }) => to === 'pending').map(({ from }) => from)).toEqual([
      BEGINNING,
      'unknown',
    ]);
  });

  it('tells for each outcome what becomes of the message, as the dispatcher decides it', () => {
    const outcomes: Record<Outcome['kind'], Outcome> = {
      accepted: { kind: 'accepted' },
      refused: { kind: 'refused', httpStatus: 400, error: '' },
      notNow: { kind: 'notNow', httpStatus: 200, error: '' },
      ambiguous: { kind: 'ambiguous', error: '' },
      notSent: { kind: 'notSent', error: '' },
      throttled: { kind: 'throttled', httpStatus: 429, retryAfterMs: 1, error: '' },
      misconfigured: { kind: 'misconfigured', httpStatus: 401, error: '' },
    };
    const maxAttempts = 20;
    const described = Object.values(outcomes).map((outcome) => {
      const policy = { maxAttempts, probe: false, onAmbiguous: 'resend' } as const;
      const decide = (attempts: number) => effectOf(outcome, { attempts, resolvedAttempts: 0 }, policy);
      const [first, last] = [decide(0), decide(maxAttempts - 1)];
      if (first.type === 'leave') return [outcome.kind, 'no', 'stays in its batch'];
      if (first.type === 'suspect') {
        const own = (attempts: number, earlier: number) => {
          const answers = { ownThrottles: earlier, ownRefusals: earlier };
          return effectOfOwn(first.answer, { attempts, resolvedAttempts: 0, ...answers }, policy);
        };
        const counted = [0, 1, 2].find((earlier) => own(0, earlier)?.attempts === 1);
        const when = ['if it was its own', 'from its own second on', 'from its own third on'][counted ?? -1];
        const end = own(maxAttempts - 1, maxAttempts)?.becomes;
        return [outcome.kind, when, `retried; at \`MAX_ATTEMPTS\` \`${end}\``];
      }
      const end = last.type === 'record' ? last.becomes : last.type;
      const becomes = first.becomes === 'pending' ? `retried; at \`MAX_ATTEMPTS\` \`${end}\`` : `\`${end}\``;
      return [outcome.kind, first.attempts === 1 ? 'yes' : 'no', becomes];
    });
    const rows = tableRows(page, 'outcome');
    expect(
      rows.map((row) => [nameOf(row['outcome'] ?? ''), row['counts as an attempt'], row['the message']]),
    ).toEqual(described);
  });
});

describe('docs/decisions/status-order.md', () => {
  it('has the order of the code, which is that of the schema', () => {
    const chain = textOf('docs/decisions/status-order.md')
      .split('\n')
      .find((line) => line.startsWith('`pending` < '));
    expect(codeSpans(chain ?? '')).toEqual(messageStatuses);
    const [schema] = sources('migrations').flatMap(({ text }) => {
      const [, values] = /CREATE TYPE message_status AS ENUM\s*\(([^)]+)\)/.exec(text) ?? [];
      return values === undefined ? [] : [values];
    });
    expect(schema?.match(/\w+/g)).toEqual(messageStatuses);
  });
});

describe('docs/decisions/answers-without-the-providers-body.md', () => {
  const decided = tableRows(textOf('docs/decisions/answers-without-the-providers-body.md'), 'answer');
  /** Statuses that the table names by a class or as the rest. */
  const classes: Record<string, number[]> = {
    '2xx': [200, 201, 204],
    '3xx': [301, 302, 307],
    '5xx': [500, 502, 503, 504, 599],
    'any other 4xx': [400, 410, 411, 413, 415, 422, 451],
  };
  const cases = decided.flatMap((row) =>
    (row['answer'] ?? '').split(', ').flatMap((answer) => {
      const [name = '', header] = answer.split(' with ');
      const headers: Record<string, string> = header === undefined ? {} : { 'retry-after': '2' };
      return (classes[name] ?? [Number(name)]).map((status) => ({ status, headers, row }));
    }),
  );

  it.for(cases)('says what a $status with $headers comes to', ({ status, headers, row }) => {
    const outcome = (body: string) => classifyAnswer({ status, headers, body }).kind;
    expect(cases.length).toBeGreaterThan(20);
    expect({
      'body with `code` 0': outcome('{"code":0,"message":"OK"}'),
      'body with another `code`': outcome('{"code":7,"message":"no"}'),
      'no such body': outcome('<html></html>'),
    }).toEqual({
      'body with `code` 0': nameOf(row['body with `code` 0'] ?? ''),
      'body with another `code`': nameOf(row['body with another `code`'] ?? ''),
      'no such body': nameOf(row['no such body'] ?? ''),
    });
  });
});
