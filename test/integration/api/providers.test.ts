import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requestReply } from '../../../apps/api/nats/request-reply.js';
import { TestApi } from '../../support/api.js';
import { NatsClient } from '../../support/nats-client.js';
import { until } from '../../support/until.js';

let api: TestApi;
let nats: NatsClient;
beforeAll(async () => {
  api = await TestApi.start();
  api.app.connectMicroservice(requestReply(api.app));
  await api.app.startAllMicroservices();
  nats = await NatsClient.connect(api.natsUrl);
  await until('requests are answered', async () => (await nats.request('ems.providers.list')).body.items);
});
afterAll(async () => {
  await nats?.close();
  await api?.end();
});
beforeEach(() =>
  api.query(`UPDATE providers SET rate_limit = NULL, key_lifetime = '24 hours', breaker = 'closed',
    reason = NULL, opened_at = NULL, retry_at = NULL`),
);

const atFirst = {
  id: 1,
  name: 'default',
  rateLimit: null,
  keyLifetimeSeconds: 86_400,
  breaker: { state: 'closed', reason: null, openedAt: null, retryAt: null },
};

describe('a provider', () => {
  test('is listed and shown with its terms and its breaker', async () => {
    expect(await api.get('/v1/providers')).toMatchObject({
      status: 200,
      body: { items: [atFirst], nextCursor: null },
    });
    await api.query(`UPDATE providers SET breaker = 'open', reason = 'unreachable: connection refused',
      opened_at = '2030-01-01T12:00Z', retry_at = '2030-01-01T12:00:01Z'`);

    const { status, body } = await api.get('/v1/providers/1');
    expect(status).toBe(200);
    expect(body).toEqual({
      ...atFirst,
      breaker: {
        state: 'open',
        reason: 'unreachable: connection refused',
        openedAt: '2030-01-01T12:00:00.000Z',
        retryAt: '2030-01-01T12:00:01.000Z',
      },
    });
  });

  test('changes in what is given, and null takes a limit away', async () => {
    const change = async (changes: object) => (await api.patch('/v1/providers/1', changes)).body;
    expect(await change({ rateLimit: 100 })).toEqual({ ...atFirst, rateLimit: 100 });
    expect(await change({ keyLifetimeSeconds: 60 })).toEqual({
      ...atFirst,
      rateLimit: 100,
      keyLifetimeSeconds: 60,
    });
    expect(await change({ rateLimit: null, keyLifetimeSeconds: null })).toEqual({
      ...atFirst,
      keyLifetimeSeconds: null,
    });
    expect(await change({})).toEqual({ ...atFirst, keyLifetimeSeconds: null });
    expect((await api.get('/v1/providers/1')).body).toEqual({ ...atFirst, keyLifetimeSeconds: null });
  });

  test('does not touch its breaker by a change', async () => {
    await api.query(`UPDATE providers SET breaker = 'open', reason = 'down', version = 7`);
    await api.patch('/v1/providers/1', { rateLimit: 5 });
    expect(await api.query('SELECT breaker, reason, version FROM providers')).toEqual([
      { breaker: 'open', reason: 'down', version: 7 },
    ]);
  });

  test.each([
    [{ rateLimit: 0 }, 'rateLimit'],
    [{ rateLimit: 100_001 }, 'rateLimit'],
    [{ rateLimit: 1.5 }, 'rateLimit'],
    [{ rateLimit: '10' }, 'rateLimit'],
    [{ keyLifetimeSeconds: 0 }, 'keyLifetimeSeconds'],
    [{ keyLifetimeSeconds: 31_536_001 }, 'keyLifetimeSeconds'],
    [{ name: 'other' }, 'name'],
    [{ breaker: { state: 'closed' } }, 'breaker'],
  ])('is not changed by %j', async (changes, path) => {
    const { status, body } = await api.patch('/v1/providers/1', { ...changes });
    expect([status, body.errors.map((error: { path: string }) => error.path)]).toEqual([400, [path]]);
    expect((await api.get('/v1/providers/1')).body).toEqual(atFirst);
  });

  test.each(['2', '9007199254740991'])('is not found by the id %s', async (id) => {
    expect((await api.get(`/v1/providers/${id}`)).status).toBe(404);
    expect((await api.patch(`/v1/providers/${id}`, { rateLimit: 1 })).status).toBe(404);
  });

  test('is found by a cursor after the one before', async () => {
    await api.query(`INSERT INTO providers (id, name) VALUES (2, 'second')`);
    const { body: first } = await api.get('/v1/providers?limit=1');
    expect(first.items).toEqual([atFirst]);
    const { body: second } = await api.get(`/v1/providers?limit=1&cursor=${first.nextCursor}`);
    expect(second).toEqual({ items: [{ ...atFirst, id: 2, name: 'second' }], nextCursor: null });
    await api.query('DELETE FROM providers WHERE id = 2');
  });

  test('is the same over NATS', async () => {
    expect((await nats.request('ems.providers.list')).body).toEqual({ items: [atFirst], nextCursor: null });
    const { body } = await nats.request('ems.providers.update', { id: 1, rateLimit: 20 });
    expect(body).toEqual({ ...atFirst, rateLimit: 20 });
    expect((await nats.request('ems.providers.get', { id: 1 })).body).toEqual(body);
    expect((await nats.request('ems.providers.get', { id: 5 })).errorCode).toBe('404');
  });
});
