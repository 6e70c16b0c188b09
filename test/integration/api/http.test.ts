import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aClient, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.end());

describe('the request id', () => {
  test('is the one that came, on answers and on problems', async () => {
    const headers = { 'x-request-id': 'Order-7_a.b' };
    expect((await api.get('/v1/clients', { headers })).headers['x-request-id']).toBe('Order-7_a.b');
    const { headers: sent, body } = await api.get('/v1/clients/x', { headers });
    expect([sent['x-request-id'], body.requestId]).toEqual(['Order-7_a.b', 'Order-7_a.b']);
  });

  test.each(['', 'has a space', 'new\tline', 'x'.repeat(200), 'ünïcode', '{"a":1}'])(
    'is a new one instead of %j',
    async (given) => {
      const { headers } = await api.get('/v1/clients', { headers: { 'x-request-id': given } });
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

test('nothing may be kept by a cache, and no answer read as something else', async () => {
  for (const path of ['/v1/clients', '/v1/clients/x', '/nowhere']) {
    const { headers } = await api.get(path);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-content-type-options']).toBe('nosniff');
  }
});

test('an unknown address is a problem', async () => {
  const { status, headers, body } = await api.get('/v1/nowhere?x=1');
  expect(status).toBe(404);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({
    status: 404,
    instance: '/v1/nowhere',
    detail: 'There is no operation GET /v1/nowhere.',
  });
});

test('a malformed address is a problem', async () => {
  const { status, headers, body } = await api.get('/v1/clients/%zz');
  expect([status, body.status, body.requestId]).toEqual([
    400,
    400,
    headers['x-request-id'] ?? body.requestId,
  ]);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
});

test.each([
  ['PUT', '/v1/clients/1', 'GET, HEAD, PATCH, DELETE'],
  ['DELETE', '/v1/clients', 'POST, GET, HEAD'],
  ['GET', '/v1/mailings/1/pause', 'POST'],
  ['PUT', '/v1/clients/batch', 'POST'],
  ['PATCH', '/v1/clients/batch', 'POST'],
  ['GET', '/v1/clients/batch?x=1', 'POST'],
  ['DELETE', '/v1/clients/batch', 'POST'],
])('%s at %s is told what is allowed there', async (method, path, allow) => {
  const { status, headers, body } = await api.call(method, path);
  expect([status, body.status]).toEqual([405, 405]);
  expect(new Set(headers.allow?.split(', '))).toEqual(new Set(allow.split(', ')));
});

test('HEAD tells what GET would, without a body', async () => {
  const get = await api.get('/v1/clients');
  const head = await api.call('HEAD', '/v1/clients');
  expect(head.status).toBe(200);
  expect(head.headers['content-length']).toBe(get.headers['content-length']);
});

test('a body of exactly the limit is read, and one byte more is not', async () => {
  const padded = (size: number) => {
    const body = JSON.stringify(aClient());
    return body + ' '.repeat(size - body.length);
  };
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  expect((await api.call('POST', '/v1/clients', { raw: padded(1_048_576), headers })).status).toBe(201);
  expect((await api.call('POST', '/v1/clients', { raw: padded(1_048_577), headers })).status).toBe(413);
});

test('a byte order mark before the JSON is passed over', async () => {
  const raw = `\uFEFF${JSON.stringify(aClient())}`;
  const headers = { 'content-type': 'application/json' };
  expect((await api.call('POST', '/v1/clients', { raw, headers })).status).toBe(201);
});

test('an error nobody foresaw says nothing about our inside', async () => {
  try {
    await api.query(`CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE 'nobody foresaw this'; END $$`);
    await api.query(
      'CREATE TRIGGER no_more BEFORE INSERT ON clients FOR EACH ROW EXECUTE FUNCTION no_more()',
    );
    const { status, body } = await api.post('/v1/clients', aClient());
    expect([status, body]).toEqual([
      500,
      {
        type: 'urn:event-message-service:problem:internal',
        title: expect.any(String),
        status: 500,
        detail: 'The request could not be served.',
        instance: '/v1/clients',
        requestId: expect.any(String),
      },
    ]);
  } finally {
    await api.query('DROP FUNCTION no_more() CASCADE');
  }
});
