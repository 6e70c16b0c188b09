import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { requestReply } from '../../../apps/api/nats/request-reply.js';
import { aClient, aMailing, type Answer, TestApi } from '../../support/api.js';
import { CuttingProxy } from '../../support/cutting-proxy.js';
import { freezablePostgres } from '../../support/frozen-postgres.js';
import { NatsClient } from '../../support/nats-client.js';
import { until } from '../../support/until.js';

/** What a caller is told: that nothing was changed, and to try again; or that a change may have been made. */
const notDone = [503, 'urn:event-message-service:problem:unavailable', '1'];
const mayBeDone = [503, 'urn:event-message-service:problem:outcome-unknown', undefined];
const told = ({ status, headers, body }: Answer) => [status, body.type, headers['retry-after']];

describe('while Postgres is frozen', () => {
  test('each 503 says whether the change may come true, and a key makes it once', async () => {
    const postgres = await freezablePostgres();
    const database = { url: postgres.url, drop: async () => undefined };
    const api = await TestApi.start({ DATABASE_POOL_SIZE: '12' }, undefined, { database });
    onTestFinished(async () => {
      postgres.thaw();
      await api.end();
    });
    api.app.connectMicroservice(requestReply(api.app));
    await api.app.startAllMicroservices();
    const nats = await NatsClient.connect(api.natsUrl);
    onTestFinished(() => nats.close());
    await until('requests are answered', () => nats.request('ems.statistics.get'));

    const create = (text: string, headers = {}) => api.post('/v1/mailings', aMailing({ text }), { headers });
    const { body: kept } = await api.post('/v1/clients', aClient());
    const { body: changed } = await api.post('/v1/clients', aClient());
    // Each connection of both pools is open, and nobody waits for one.
    await Promise.all(Array.from({ length: 40 }, () => api.get('/v1/mailings')));
    await Promise.all(Array.from({ length: 20 }, () => create('warm', { 'idempotency-key': randomUUID() })));

    await postgres.freeze();
    const keyed = { body: aMailing({ text: 'keyed' }), headers: { 'idempotency-key': 'order-17' } };
    // More than there are connections, so that some are never sent.
    const creations = Array.from({ length: 10 }, async (_, nth) => {
      const text = `mailing ${nth}`;
      return { text, told: told(await create(text)) };
    });
    const overNats = nats.connection.request('ems.mailings.create', JSON.stringify(aMailing()), {
      timeout: 25_000,
    });
    const others = [
      api.get('/v1/mailings'),
      api.delete(`/v1/clients/${kept.id}`),
      api.patch(`/v1/clients/${changed.id}`, { tags: ['changed'] }),
      api.call('POST', '/v1/mailings', keyed),
    ];
    const created = await Promise.all(creations);
    for (const one of created) expect([notDone, mayBeDone]).toContainEqual(one.told);
    const promised = created.filter((one) => one.told[1] === mayBeDone[1]).map(({ text }) => text);
    expect(promised.length).toBeGreaterThan(0);
    expect(promised.length).toBeLessThan(created.length);
    for (const answer of await Promise.all(others)) expect(told(answer)).toEqual(notDone);
    expect((await overNats).json()).toMatchObject({
      status: 503,
      type: expect.stringMatching(/unknown|unavail/),
    });

    postgres.thaw();
    const texts = async () =>
      (await api.query(`SELECT text FROM mailings WHERE text LIKE 'mailing %' ORDER BY text`)).map(
        ({ text }) => text,
      );
    await until('what was sent is done', async () => (await texts()).length >= promised.length);
    const repeated = await api.call('POST', '/v1/mailings', keyed);
    const again = await api.call('POST', '/v1/mailings', keyed);
    expect([repeated.status, again.status, again.body]).toEqual([201, 201, repeated.body]);
    expect(await api.query(`SELECT id FROM mailings WHERE text = 'keyed'`)).toEqual([
      { id: repeated.body.id },
    ]);
    expect(await texts()).toEqual(promised.toSorted());
    expect((await api.get(`/v1/clients/${kept.id}`)).status).toBe(200);
    expect((await api.get(`/v1/clients/${changed.id}`)).body.tags).toEqual([]);
  });
});

describe('a connection that is lost', () => {
  let proxy: CuttingProxy;
  let api: TestApi;
  beforeEach(async () => {
    proxy = await CuttingProxy.start(inject('services').postgresUrl);
    api = await TestApi.start({}, undefined, { through: (url) => proxy.through(url) });
  });
  afterEach(async () => {
    await api.end();
    await proxy.end();
  });

  test('after a statement that is a change by itself leaves open whether that was made', async () => {
    proxy.loseAnswerTo('insert-mailing');
    expect(told(await api.post('/v1/mailings', aMailing()))).toEqual(mayBeDone);
    await until('it is there', async () => (await api.get('/v1/mailings')).body.items.length === 1);
  });

  test('after the COMMIT leaves open whether a client was changed, or deleted', async () => {
    const { body: client } = await api.post('/v1/clients', aClient());
    proxy.loseAnswerTo('COMMIT');
    expect(told(await api.patch(`/v1/clients/${client.id}`, { tags: ['vip'] }))).toEqual(mayBeDone);
    const tags = async () => (await api.get(`/v1/clients/${client.id}`)).body.tags;
    await until('it is changed', async () => (await tags())?.[0] === 'vip');

    proxy.loseAnswerTo('COMMIT');
    expect(told(await api.delete(`/v1/clients/${client.id}`))).toEqual(mayBeDone);
    await until('it is gone', async () => (await api.get(`/v1/clients/${client.id}`)).status === 404);
  });

  test('before the COMMIT changes nothing, and says so', async () => {
    const { body: client } = await api.post('/v1/clients', aClient());
    proxy.loseAnswerTo('UPDATE "clients"');
    expect(told(await api.patch(`/v1/clients/${client.id}`, { tags: ['vip'] }))).toEqual(notDone);
    proxy.loseAnswerTo('delete-client');
    expect(told(await api.delete(`/v1/clients/${client.id}`))).toEqual(notDone);
    expect((await api.get(`/v1/clients/${client.id}`)).body).toEqual(client);
  });

  test('after the COMMIT of a request with a key costs nothing: asked again, it is answered', async () => {
    const given = aMailing();
    const headers = { 'idempotency-key': randomUUID() };
    proxy.loseAnswerTo('COMMIT');
    expect(told(await api.post('/v1/mailings', given, { headers }))).toEqual(mayBeDone);

    const repeated = await api.post('/v1/mailings', given, { headers });
    expect([repeated.status, repeated.headers['idempotency-replayed']]).toEqual([201, 'true']);
    expect((await api.get('/v1/mailings')).body.items).toEqual([repeated.body]);
  });

  test('while a list is read is worth another try', async () => {
    proxy.loseAnswerTo('list-mailings');
    expect(told(await api.get('/v1/mailings'))).toEqual(notDone);
  });

  test('after a pause is committed does not say that nothing was changed', async () => {
    const { body: mailing } = await api.post('/v1/mailings', aMailing());
    proxy.loseAnswerTo('dispatchers-to-confirm');
    expect(told(await api.post(`/v1/mailings/${mailing.id}/pause`))).toEqual(mayBeDone);
    expect((await api.get(`/v1/mailings/${mailing.id}`)).body.status).toBe('paused');
  });
});
