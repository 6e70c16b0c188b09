import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HTTP_LIMITS } from '../../../apps/api/http/http-limits.js';
import { aClient, aMailing, TestApi } from '../../support/api.js';
import { exchange, readAnswer } from '../../support/raw-exchange.js';

/** Milliseconds in which a request has to arrive. */
const ARRIVAL = 1_000;

let api: TestApi;
let port: number;

beforeAll(async () => {
  api = await TestApi.start({}, { ...HTTP_LIMITS, arrivalMs: ARRIVAL });
  await api.app.listen(0, '127.0.0.1');
  port = Number(new URL(await api.app.getUrl()).port);
});
afterAll(() => api.end());

const host = 'Host: 127.0.0.1\r\nConnection: close\r\n';
const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\n${host}${headers}\r\n`;
const send = async (bytes: string, withinMs?: number) =>
  readAnswer(await exchange(port, Buffer.from(bytes, 'latin1'), withinMs === undefined ? {} : { withinMs }));

test.each([
  ['no HTTP', 'hello\r\n\r\n', 400, 'invalid-input'],
  ['no Host', 'GET /v1/clients HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'invalid-input'],
  ['headers of 20,000 bytes', get('/v1/clients', `X: ${'a'.repeat(20_000)}\r\n`), 431, 'headers-too-large'],
  ['an expectation', get('/v1/clients', 'Expect: miracles\r\n'), 417, 'expectation-failed'],
  ['a tunnel', `CONNECT a:1 HTTP/1.1\r\n${host}\r\n`, 405, 'method-not-allowed'],
  ['a path that is no UTF-8', get('/v1/clients/%ff'), 400, 'invalid-input'],
  ['a query that is no UTF-8', get('/v1/clients?tag=%ff'), 400, 'invalid-input'],
  ['a surrogate in a query', get('/v1/clients?tag=%ed%a0%80'), 400, 'invalid-input'],
  ['a query cut within a character', get('/v1/clients?tag=%d0'), 400, 'invalid-input'],
  ['a query that is not encoded', get('/v1/clients?tag=\xd0\xb4'), 400, 'invalid-input'],
] as const)('%s is a problem', async (_what, bytes, status, kind) => {
  const answer = await send(bytes);
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(JSON.parse(answer.body)).toMatchObject({
    type: `urn:event-message-service:problem:${kind}`,
    status,
    detail: expect.any(String),
    requestId: answer.headers.get('x-request-id'),
  });
});

test('an encoded query is read as UTF-8', async () => {
  await api.post('/v1/clients', aClient({ tags: ['\u0434\u0430'] }));
  const answer = await send(get('/v1/clients?tag=%d0%b4%d0%b0'));
  expect([answer.status, JSON.parse(answer.body).items.length]).toEqual([200, 1]);
});

describe('a request that does not arrive', () => {
  test.each([
    ['nothing of it', ''],
    ['half of its headers', 'GET /v1/clients HTTP/1.1\r\nHost: 127'],
    [
      'half of its body',
      `POST /v1/clients HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{`,
    ],
  ])('is given up in time: %s', async (_what, bytes) => {
    const startedAt = performance.now();
    const { status, headers, body } = await send(bytes, 5 * ARRIVAL);
    const took = performance.now() - startedAt;
    expect([status, headers.get('content-type'), JSON.parse(body).type]).toEqual([
      408,
      'application/problem+json; charset=utf-8',
      'urn:event-message-service:problem:request-timeout',
    ]);
    expect(took).toBeGreaterThanOrEqual(ARRIVAL - 50);
    expect(took).toBeLessThan(2 * ARRIVAL);
  });
});

test.each(['gzip', 'br', 'x-unknown'])('a body in %s is told which header is wrong', async (coding) => {
  const headers = { 'content-type': 'application/json', 'content-encoding': coding };
  const raw = gzipSync(JSON.stringify(aClient()));
  const answer = await api.call('POST', '/v1/clients', { raw, headers });
  expect([answer.status, answer.headers['accept-encoding']]).toEqual([415, 'identity']);
  expect(answer.body.detail).toContain('Content-Encoding');
});

test('a body that says that it is not encoded is read', async () => {
  const headers = { 'content-encoding': 'Identity' };
  expect(
    (
      await api.post('/v1/clients', aClient(), {
        headers: { 'content-type': 'application/json', ...headers },
      })
    ).status,
  ).toBe(201);
});

test('a parameter that is given more than once is told so', async () => {
  const { status, body } = await api.get('/v1/clients?tag=a&tag=b');
  expect([status, body.errors]).toEqual([400, [{ path: 'tag', message: 'is given more than once' }]]);
});

test.each(['\u200b', '\u2060\u200d\ufe0f', '\u3164 \u2800', '\u202e\u00ad'])(
  'a mailing of invisible characters is refused: %j',
  async (text) => {
    const { status, body } = await api.post('/v1/mailings', aMailing({ text }));
    expect([status, body.errors[0].path]).toEqual([400, 'text']);
  },
);
