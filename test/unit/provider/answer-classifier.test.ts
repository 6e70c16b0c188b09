import { describe, expect, it } from 'vitest';
import { classifyAnswer, MAX_ERROR_LENGTH, type Outcome } from '#libs/providers/kinds';

const OK = '{"code":0,"message":"OK"}';
const OWN_ERROR = '{"code":7,"message":"bad phone"}';
const PAGE = '<html><title>Sign in</title></html>';

function classify(status: number, body: string | undefined, headers: Record<string, string> = {}): Outcome {
  return classifyAnswer({ status, body, headers });
}

function errorOf(
  status: number,
  body: string | undefined,
  headers: Record<string, string> = {},
  secret = '',
): string {
  const outcome = classifyAnswer({ status, body, headers }, secret);
  return outcome.kind === 'accepted' ? '' : outcome.error;
}

describe('the class of an answer', () => {
  it.each<[number, string, string | undefined, Outcome['kind']]>([
    [200, 'the expected body', OK, 'accepted'],
    [200, 'the expected body with more in it', '{"code":0,"message":"OK","id":5}', 'accepted'],
    [200, 'a zero code alone', '{"code":0}', 'accepted'],
    [201, 'the expected body', OK, 'accepted'],
    [409, "the provider's body", '{"code":409,"message":"already have this id"}', 'accepted'],

    [400, "the provider's body", OWN_ERROR, 'refused'],
    [404, "the provider's body", OWN_ERROR, 'refused'],
    [405, "the provider's body", OWN_ERROR, 'refused'],
    [410, "the provider's body", OWN_ERROR, 'refused'],
    [413, "the provider's body", OWN_ERROR, 'refused'],
    [415, "the provider's body", OWN_ERROR, 'refused'],
    [422, "the provider's body", OWN_ERROR, 'refused'],

    [200, 'a code that is not zero', OWN_ERROR, 'notNow'],
    [200, 'a negative code', '{"code":-1,"message":"busy"}', 'notNow'],
    [202, 'a code that is not zero', OWN_ERROR, 'notNow'],

    [429, 'nothing', '', 'throttled'],
    [429, "the provider's body", OWN_ERROR, 'throttled'],

    [300, 'nothing', '', 'misconfigured'],
    [302, 'a page', PAGE, 'misconfigured'],
    [304, 'nothing', '', 'misconfigured'],
    [308, "the provider's body", OK, 'misconfigured'],
    [401, "the provider's body", OWN_ERROR, 'misconfigured'],
    [401, 'a page', PAGE, 'misconfigured'],
    [402, "the provider's body", OWN_ERROR, 'misconfigured'],
    [403, "the provider's body", OWN_ERROR, 'misconfigured'],
    [403, 'a page', PAGE, 'misconfigured'],
    [407, 'a page', PAGE, 'misconfigured'],
    [404, 'a page', PAGE, 'misconfigured'],
    [404, 'a body too long to be read', undefined, 'misconfigured'],
    [405, 'nothing', '', 'misconfigured'],

    [200, 'a page', PAGE, 'ambiguous'],
    [200, 'nothing', '', 'ambiguous'],
    [200, 'a body too long to be read', undefined, 'ambiguous'],
    [200, 'another JSON object', '{"status":"ok"}', 'ambiguous'],
    [200, 'a code that is text', '{"code":"0","message":"OK"}', 'ambiguous'],
    [200, 'a code that is a fraction', '{"code":0.5,"message":"OK"}', 'ambiguous'],
    [200, 'a code beyond exact integers', '{"code":1e300,"message":"OK"}', 'ambiguous'],
    [200, 'a code that is false', '{"code":false,"message":"OK"}', 'ambiguous'],
    [200, 'a message that is not text', '{"code":0,"message":{}}', 'ambiguous'],
    [200, 'an error code without a message', '{"code":7}', 'ambiguous'],
    [200, 'an array', `[${OK}]`, 'ambiguous'],
    [200, 'null', 'null', 'ambiguous'],
    [200, 'the expected body cut short', OK.slice(0, -1), 'ambiguous'],
    [200, 'the expected body and more behind it', `${OK}x`, 'ambiguous'],
    [204, 'nothing', '', 'ambiguous'],
    [400, 'a page', PAGE, 'ambiguous'],
    [400, 'a code of zero', OK, 'ambiguous'],
    [404, 'a code of zero', OK, 'ambiguous'],
    [406, 'a page', PAGE, 'ambiguous'],
    [408, "the provider's body", OWN_ERROR, 'ambiguous'],
    [409, 'a page', PAGE, 'ambiguous'],
    [422, 'JSON of another shape', '{"detail":"no"}', 'ambiguous'],
    [425, 'nothing', '', 'ambiguous'],
    [500, 'nothing', '', 'ambiguous'],
    [500, "the provider's body", OWN_ERROR, 'ambiguous'],
    [500, 'the expected body', OK, 'ambiguous'],
    [501, 'a page', PAGE, 'ambiguous'],
    [502, 'a page', PAGE, 'ambiguous'],
    [503, "the provider's body", OWN_ERROR, 'ambiguous'],
    [504, 'a page', PAGE, 'ambiguous'],
    [599, 'nothing', '', 'ambiguous'],
    [600, "the provider's body", OWN_ERROR, 'ambiguous'],
  ])('of %i with %s is known', (status, _what, body, kind) => {
    expect(classify(status, body)).toMatchObject(
      kind === 'accepted' ? { kind } : { kind, httpStatus: status },
    );
  });

  it('takes a 503 with Retry-After for throttling, even if its value means nothing', () => {
    expect(classify(503, '', { 'retry-after': '3' })).toMatchObject({
      kind: 'throttled',
      retryAfterMs: 3_000,
    });
    expect(classify(503, PAGE, { 'retry-after': 'soon' })).toMatchObject({
      kind: 'throttled',
      retryAfterMs: undefined,
    });
  });

  it('gives a 429 the wait the provider asked for, and none if it did not', () => {
    expect(classify(429, '', { 'retry-after': '120' })).toMatchObject({ retryAfterMs: 120_000 });
    expect(classify(429, '')).toMatchObject({ retryAfterMs: undefined });
  });

  it("reads a Retry-After date against the answer's own Date, not our clock", () => {
    const headers = {
      date: 'Sat, 01 Jan 2000 00:00:00 GMT',
      'retry-after': 'Sat, 01 Jan 2000 00:00:30 GMT',
    };
    expect(classify(429, '', headers)).toMatchObject({ retryAfterMs: 30_000 });
  });
});

describe('the error of an answer', () => {
  it.each<[number, string | undefined, Record<string, string>, string]>([
    [500, '', {}, 'HTTP 500'],
    [400, OWN_ERROR, {}, 'HTTP 400, code 7: bad phone'],
    [302, '', { location: 'https://login.example/' }, 'HTTP 302 to https://login.example/'],
    [200, PAGE, {}, `HTTP 200 with an unexpected body: ${PAGE}`],
    [200, undefined, {}, 'HTTP 200 with a body that is too long'],
    [
      502,
      '\r\n\t<b>\u0000Bad\r\nGateway</b>\u001b[31m',
      {},
      'HTTP 502 with an unexpected body: <b> Bad Gateway</b> [31m',
    ],
  ])('of %i is one line for people', (status, body, headers, error) => {
    expect(errorOf(status, body, headers)).toBe(error);
  });

  it('never grows beyond its bound, however long the provider talks', () => {
    const error = errorOf(400, JSON.stringify({ code: 1, message: 'blah '.repeat(5_000) }));
    expect(error).toHaveLength(MAX_ERROR_LENGTH);
    expect(error.endsWith('…')).toBe(true);
  });

  it('is never cut inside a character', () => {
    for (const pad of ['', 'x']) {
      const error = errorOf(400, JSON.stringify({ code: 1, message: `${pad}${'😀'.repeat(400)}` }));
      expect(error.length).toBeLessThanOrEqual(MAX_ERROR_LENGTH);
      expect(Buffer.from(error).toString()).toBe(error);
    }
    expect(errorOf(400, '{"code":1,"message":"half \\ud83d pair"}')).toBe('HTTP 400, code 1: half pair');
  });

  it('never shows the token, in whatever form the provider quotes it', () => {
    const token = 'abc/DEF+123=';
    const forms = [
      errorOf(400, JSON.stringify({ code: 1, message: `no such token: Bearer ${token}` }), {}, token),
      errorOf(400, `{"code":1,"message":"token abc\\/DEF+123= is unknown"}`, {}, token),
      errorOf(500, `{"error":"token abc\\/DEF+123= is unknown"}`, {}, token),
      errorOf(302, '', { location: `https://x.example/?t=${encodeURIComponent(token)}` }, token),
      // On the edge of the cut, where half of it would be left.
      errorOf(500, `${'y'.repeat(94)}${token}`, {}, token),
      errorOf(400, JSON.stringify({ code: 1, message: `${'y'.repeat(275)}${token}` }), {}, token),
    ];
    for (const error of forms) expect(error).not.toMatch(/abc|DEF/);
    expect(forms[0]).toBe('HTTP 400, code 1: no such token: Bearer [token]');
  });

  it('never shows a phone or a credential that the provider quotes', () => {
    const message = 'client +7 (900) 123-45-67 has no Bearer abc.def, see https://u:p@h/?sig=abc';
    expect(errorOf(400, JSON.stringify({ code: 21_211, message }))).toBe(
      'HTTP 400, code 21211: client [phone] has no Bearer [redacted], see https://[redacted]@h/?sig=[redacted]',
    );
    expect(errorOf(500, '{"to":"\\u002b7\\u00a0900\\u00a0123-45-67"}')).toBe(
      'HTTP 500 with an unexpected body: {"to":"[phone]"}',
    );
    expect(errorOf(302, '', { location: 'https://h/v1/79001234567?token=abc' })).toBe(
      'HTTP 302 to https://h/v1/[phone]?token=[redacted]',
    );
    // On the edge of the cut, where half of it would be left.
    expect(errorOf(400, JSON.stringify({ code: 1, message: `${'y'.repeat(270)} 79001234567` }))).not.toMatch(
      /7900/,
    );
  });
});
