import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { aClient, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
beforeEach(() => api.query('TRUNCATE clients, mailings'));
afterAll(() => api.end());

interface BatchItem {
  client?: { phone: string };
  error?: { status: number; errors: { path: string }[] };
}

test('a batch has a result for each item, in order, whatever becomes of the others', async () => {
  await api.post('/v1/clients', aClient({ phone: '+79160000001' }));
  const { status, body } = await api.post('/v1/clients/batch', {
    items: [
      aClient({ phone: '+79160000009', tags: ['a', 'a'] }),
      aClient({ phone: '+79160000001' }),
      { phone: 'nobody', timezone: 'UTC', nickname: 'x' },
      aClient({ phone: '+79160000002' }),
      aClient({ phone: '8-916-000-00-02' }),
      aClient({ phone: '79160000002' }),
      aClient({ phone: '+79160000003', timezone: 'Mars/Olympus' }),
      aClient({ phone: '+79160000003' }),
      null,
    ],
  });

  expect(status).toBe(200);
  expect(body.items.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const outcomes = (body.items as BatchItem[]).map(({ client, error }) =>
    client ? client.phone : [error?.status, ...(error?.errors ?? []).map(({ path }) => path)],
  );
  expect(outcomes).toEqual([
    '79160000009',
    [409, 'phone'],
    [400, 'nickname', 'phone'],
    '79160000002',
    [400, 'phone'],
    [409, 'phone'],
    [400, 'timezone'],
    '79160000003',
    [400, ''],
  ]);
  expect(body.items[0].client).toMatchObject({ tags: ['a'], operatorCode: '916', attributes: {} });
  expect((await api.get('/v1/clients')).body.items).toHaveLength(4);
});

test('a batch of a thousand is added by one call', async () => {
  const { body } = await api.post('/v1/clients/batch', {
    items: Array.from({ length: 1_000 }, () => aClient()),
  });
  expect(new Set(body.items.map((item: { status: string }) => item.status))).toEqual(new Set(['created']));
  expect(await api.query('SELECT count(*)::int AS n FROM clients')).toEqual([{ n: 1_000 }]);
});

test('a batch and another with the same phones in another order do not wait for each other in a circle', async () => {
  const items = Array.from({ length: 300 }, () => aClient());
  const answers = await Promise.all([
    api.post('/v1/clients/batch', { items }),
    api.post('/v1/clients/batch', { items: items.toReversed() }),
    api.post('/v1/clients/batch', { items }),
  ]);

  const created = answers.flatMap(({ body }) =>
    body.items.filter((item: { status: string }) => item.status === 'created'),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(created).toHaveLength(300);
});
