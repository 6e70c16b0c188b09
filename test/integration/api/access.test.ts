import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aClient, TestApi } from '../../support/api.js';

const json = { 'content-type': 'application/json' };
const key = 'a-key-of-sixteen-characters-or-more';
const other = 'another-key-that-is-good-as-well';

describe('with keys', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start({ API_KEYS: `${key}, ${other}`, HOST: '0.0.0.0' });
  });
  afterAll(() => api.end());

  test.each([`Bearer ${key}`, `Bearer ${other}`, `bearer ${key}`, `BEARER   ${key} `])(
    'lets %j in',
    async (authorization) => {
      expect((await api.get('/v1/clients', { headers: { authorization } })).status).toBe(200);
    },
  );

  test.each([
    undefined,
    'Bearer',
    'Bearer ',
    `Basic ${key}`,
    key,
    `Bearer ${key}x`,
    `Bearer ${key.slice(0, -1)}`,
    `Bearer ${key}, ${other}`,
    `Bearer ${key} ${other}`,
    'Bearer undefined',
  ])('keeps %j out and says how to get in', async (authorization) => {
    const answer = await api.post('/v1/clients', aClient(), {
      headers: { ...json, ...(authorization !== undefined && { authorization }) },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ status: 401, instance: '/v1/clients' });
    expect(await api.query('SELECT id FROM clients')).toEqual([]);
  });

  test.each([
    '/v1/clients',
    '/v1/mailings/1',
    '/v1/messages/1',
    '/v1/statistics',
    '/%76%31/clients',
    '/v1/clients?x=/docs',
  ])('asks for a key at %s', async (path) => {
    expect((await api.get(path)).status).toBe(401);
  });

  test('asks for a key before it looks at a body', async () => {
    const { status } = await api.call('POST', '/v1/clients', {
      raw: '{broken',
      headers: json,
    });
    expect(status).toBe(401);
  });

  test.each(['/docs', '/docs-json', '/health/live', '/metrics'])('asks for none at %s', async (path) => {
    expect((await api.get(path)).status).toBe(200);
  });

  test('answers to whatever name it has', async () => {
    const headers = { authorization: `Bearer ${key}`, host: 'ems.example.com' };
    expect((await api.get('/v1/clients', { headers })).status).toBe(200);
  });
});

describe('with wrong keys, one after another', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start({ API_KEYS: `billing:${key}`, HOST: '0.0.0.0' });
  });
  afterAll(() => api.end());

  const ask = (path: string, bearer: string | undefined, remoteAddress: string) =>
    api.app.inject({
      url: path,
      remoteAddress,
      headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
    });
  const guess = async (address: string) => {
    const answers = [];
    for (let nth = 0; nth < 21; nth += 1) answers.push(await ask('/v1/clients', `wrong-${nth}`, address));
    return answers;
  };

  test('the twenty-first from an address is told to wait, and a right key is let in all the same', async () => {
    const answers = await guess('192.0.2.1');
    expect(answers.slice(0, 20).map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(401));
    const last = answers[20]!;
    expect([last.statusCode, last.json().type]).toEqual([
      429,
      'urn:event-message-service:problem:too-many-requests',
    ]);
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(last.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect((await ask('/v1/clients', key, '192.0.2.1')).statusCode).toBe(200);
    expect((await ask('/v1/clients', undefined, '192.0.2.1')).statusCode).toBe(401);
    expect((await ask('/v1/clients', 'wrong', '192.0.2.2')).statusCode).toBe(401);
  });

  test('addresses of one /64 are one, and liveness is answered whatever came before', async () => {
    await guess('2001:db8::1');
    expect((await ask('/v1/clients', 'wrong', '2001:db8::2')).statusCode).toBe(429);
    expect((await ask('/health/live', 'wrong', '2001:db8::2')).statusCode).toBe(200);
  });

  test.each(['/health', '/health/ready'])(
    '%s is answered to all but those with too many wrong keys, who are told to wait',
    async (path) => {
      const address = path === '/health' ? '192.0.2.3' : '192.0.2.4';
      for (let nth = 0; nth < 20; nth += 1) {
        expect((await ask(path, `wrong-${nth}`, address)).statusCode).toBe(200);
      }
      const late = await ask(path, 'wrong', address);
      expect([late.statusCode, late.json().status]).toEqual([429, 429]);
      expect(late.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
      expect((await ask(path, undefined, address)).statusCode).toBe(200);
      expect((await ask(path, key, address)).json().details.postgres).toHaveProperty('latencyMs');
      for (const other of ['/health/live', '/metrics', '/docs-json']) {
        expect((await ask(other, 'wrong', address)).statusCode).toBe(200);
      }
    },
  );

  test('health tells details to those with a key only', async () => {
    const told = async (bearer?: string) => (await ask('/health', bearer, '192.0.2.9')).json().details;
    const states = { status: expect.any(String) };
    for (const details of [await told(), await told('wrong')]) {
      expect(details).toMatchObject({ postgres: states, nats: states, providers: states });
      for (const part of Object.values<object>(details)) {
        expect(Object.keys(part).filter((name) => name !== 'status' && name !== 'class')).toEqual([]);
      }
    }
    expect(await told(key)).toMatchObject({
      postgres: { latencyMs: expect.any(Number) },
      nats: { server: expect.any(String) },
      providers: { providers: [{ name: 'default' }] },
    });
  });
});

describe('without keys', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start();
  });
  afterAll(() => api.end());

  test.each(['localhost', 'localhost:3000', '127.0.0.1:3000', '127.8.8.8', '[::1]:3000'])(
    'answers to the name %s',
    async (host) => {
      expect((await api.get('/v1/clients', { headers: { host } })).status).toBe(200);
    },
  );

  test.each([
    'evil.example',
    'evil.example:3000',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'localhost@evil.example',
  ])('does not answer to the name %j, under which a web page may have found it', async (host) => {
    for (const path of ['/v1/clients', '/docs-json']) {
      const { status, body } = await api.get(path, { headers: { host } });
      expect([status, body.type]).toEqual([403, 'urn:event-message-service:problem:forbidden']);
    }
  });

  test('works for the pages of its own documentation', async () => {
    const headers = {
      host: 'localhost:3000',
      origin: 'http://localhost:3000',
      'sec-fetch-site': 'same-origin',
    };
    expect((await api.post('/v1/clients', aClient(), { headers: { ...json, ...headers } })).status).toBe(201);
  });

  test('does nothing for a web page of another origin', async () => {
    const { body: client } = await api.post('/v1/clients', aClient());
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'null' },
    ] as Record<string, string>[]) {
      expect((await api.delete(`/v1/clients/${client.id}`, { headers })).status).toBe(403);
    }
    expect((await api.get(`/v1/clients/${client.id}`)).status).toBe(200);
  });
});
