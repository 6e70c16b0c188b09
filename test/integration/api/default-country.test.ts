import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { requestReply } from '../../../apps/api/nats/request-reply.js';
import { aClient, TestApi } from '../../support/api.js';
import { NatsClient } from '../../support/nats-client.js';
import { until } from '../../support/until.js';

let api: TestApi;
let nats: NatsClient;

beforeAll(async () => {
  api = await TestApi.start();
  api.app.connectMicroservice(requestReply(api.app));
  await api.app.startAllMicroservices();
  nats = await NatsClient.connect(api.natsUrl);
  await until('requests are answered', () => nats.request('ems.statistics.get'));
});
beforeEach(() => api.query('TRUNCATE clients'));
afterAll(async () => {
  await nats.close();
  await api.end();
});

const german = { phone: '0171 1234567', timezone: 'Europe/Berlin', defaultCountry: 'DE' };
const russian = { phone: '8 (900) 123-45-67', defaultCountry: 'RU' };

test("a new client's own country reads its phone, and is not kept", async () => {
  const { status, body } = await api.post('/v1/clients', german);
  expect([status, body.phone]).toEqual([201, '491711234567']);
  expect(body).not.toHaveProperty('defaultCountry');
  const asked = await nats.request('ems.clients.create', { ...german, ...russian });
  expect([asked.errorCode, asked.body.phone]).toEqual([undefined, '79001234567']);
  expect(asked.body).not.toHaveProperty('defaultCountry');
});

test("a changed phone is read by the change's own country, which does nothing without one", async () => {
  const { body: client } = await api.post('/v1/clients', aClient());
  const path = `/v1/clients/${client.id}`;
  const alone = await api.patch(path, { defaultCountry: 'DE' });
  expect([alone.status, alone.body.phone]).toEqual([200, client.phone]);
  const { timezone: _, ...change } = german;
  const changed = await api.patch(path, change);
  expect([changed.status, changed.body.phone]).toEqual([200, '491711234567']);
  expect(changed.body).not.toHaveProperty('defaultCountry');
  const asked = await nats.request('ems.clients.update', { id: client.id, ...russian });
  expect([asked.errorCode, asked.body.phone]).toEqual([undefined, '79001234567']);
});

test("an item's own country goes before that of its batch", async () => {
  const { timezone: _, ...of } = german;
  const items = [aClient(of), aClient({ phone: russian.phone }), aClient({ defaultCountry: 'XX' })];
  const { body } = await api.post('/v1/clients/batch', { defaultCountry: 'RU', items });
  expect(body.items[0].client.phone).toBe('491711234567');
  expect(body.items[1].client.phone).toBe('79001234567');
  expect(body.items[2].error.errors).toEqual([
    { path: 'defaultCountry', message: 'must be the two capital letters of a country, as in ISO 3166' },
  ]);
});

test("a list's own country reads the phone that is looked for", async () => {
  await api.post('/v1/clients', german);
  const { status, body } = await api.get('/v1/clients?phone=0171%201234567&defaultCountry=DE');
  expect([status, body.items.map(({ phone }: { phone: string }) => phone)]).toEqual([200, ['491711234567']]);
  const asked = await nats.request('ems.clients.list', { phone: '0171 1234567', defaultCountry: 'DE' });
  expect(asked.body.items).toHaveLength(1);
  expect((await api.get('/v1/clients?phone=0171%201234567')).status).toBe(400);
  expect((await api.get('/v1/clients?defaultCountry=XX')).body.errors[0].path).toBe('defaultCountry');
});

test.each(['XX', 'de', '', null, 49])(
  '%j is no country, in a new client and in a change',
  async (country) => {
    const { body: client } = await api.post('/v1/clients', aClient());
    const answers = [
      await api.post('/v1/clients', aClient({ defaultCountry: country })),
      await api.patch(`/v1/clients/${client.id}`, { defaultCountry: country }),
    ];
    for (const { status, body } of answers) {
      expect([status, body.errors[0].path]).toEqual([400, 'defaultCountry']);
    }
  },
);
