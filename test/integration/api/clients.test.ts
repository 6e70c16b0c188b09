import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aClient, aMailing, inHours, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
beforeEach(() => api.query('TRUNCATE clients, mailings, messages, batches, mailing_counters'));
afterAll(() => api.end());

describe('adding', () => {
  test('gives the client back as it is kept, and says where', async () => {
    const { status, headers, body } = await api.post('/v1/clients', {
      phone: '+7 (900) 123-45-67',
      tags: ['vip', 'spring', 'vip'],
      timezone: 'Asia/Kolkata',
      attributes: { name: 'Анна 🎉', nested: { list: [1, null, { deep: true }] } },
    });

    expect(status).toBe(201);
    expect(headers.location).toBe(`/v1/clients/${body.id}`);
    expect(body).toEqual({
      id: expect.any(Number),
      phone: '79001234567',
      operatorCode: '900',
      tags: ['vip', 'spring'],
      timezone: 'Asia/Kolkata',
      attributes: { name: 'Анна 🎉', nested: { list: [1, null, { deep: true }] } },
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updatedAt: body.createdAt,
    });
    expect((await api.get(`/v1/clients/${body.id}`)).body).toEqual(body);
  });

  test.each([
    { given: { phone: '+12025550123' }, operatorCode: null },
    { given: { phone: '+77011234567' }, operatorCode: '701' },
    { given: { phone: '+79001112233', operatorCode: '916' }, operatorCode: '916' },
    { given: { phone: '+79001112233', operatorCode: null }, operatorCode: null },
  ])('takes the operator code of $given as $operatorCode', async ({ given, operatorCode }) => {
    expect((await api.post('/v1/clients', aClient(given))).body.operatorCode).toBe(operatorCode);
  });

  test('of one phone by many at once succeeds once', async () => {
    const phone = '+79161112233';
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => api.post('/v1/clients', aClient({ phone }))),
    );

    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['201', ...Array(7).fill('409')]);
    expect((await api.get('/v1/clients')).body.items).toHaveLength(1);
  });

  test('takes both names of a renamed zone', async () => {
    for (const timezone of ['Europe/Kyiv', 'Europe/Kiev']) {
      expect((await api.post('/v1/clients', aClient({ timezone }))).body.timezone).toBe(timezone);
    }
  });
});

describe('changing', () => {
  test('changes what is given and nothing else', async () => {
    const { body: client } = await api.post(
      '/v1/clients',
      aClient({ tags: ['a'], attributes: { x: 1, y: 2 } }),
    );

    const { status, body } = await api.patch(`/v1/clients/${client.id}`, { attributes: { z: 3 } });

    expect(status).toBe(200);
    expect(body).toEqual({ ...client, attributes: { z: 3 }, updatedAt: body.updatedAt });
    expect(Date.parse(body.updatedAt)).toBeGreaterThan(Date.parse(client.updatedAt));
    expect((await api.patch(`/v1/clients/${client.id}`, { tags: [], timezone: 'UTC' })).body).toMatchObject({
      tags: [],
      timezone: 'UTC',
      attributes: { z: 3 },
    });
  });

  test.each([
    { given: { phone: '+79031112233' }, operatorCode: '903' },
    { given: { phone: '+12025550123' }, operatorCode: null },
    { given: { phone: '+79031112233', operatorCode: '916' }, operatorCode: '916' },
    { given: { operatorCode: null }, operatorCode: null },
    { given: { tags: [] }, operatorCode: '900' },
  ])('to $given makes the operator code $operatorCode', async ({ given, operatorCode }) => {
    const { body } = await api.post('/v1/clients', aClient({ phone: '+79001112233' }));
    expect((await api.patch(`/v1/clients/${body.id}`, given)).body.operatorCode).toBe(operatorCode);
  });

  test("to another client's phone is a conflict that changes nothing", async () => {
    await api.post('/v1/clients', aClient({ phone: '+79160000001' }));
    const { body: other } = await api.post('/v1/clients', aClient({ phone: '+79160000002' }));

    const answer = await api.patch(`/v1/clients/${other.id}`, { phone: '+79160000001', tags: ['x'] });

    expect(answer.status).toBe(409);
    expect(answer.body.errors).toEqual([{ path: 'phone', message: expect.any(String) }]);
    expect((await api.get(`/v1/clients/${other.id}`)).body).toEqual(other);
  });

  test('of different fields at the same time loses none of them', async () => {
    const { body } = await api.post('/v1/clients', aClient());
    await Promise.all([
      api.patch(`/v1/clients/${body.id}`, { tags: ['x'] }),
      api.patch(`/v1/clients/${body.id}`, { timezone: 'UTC' }),
      api.patch(`/v1/clients/${body.id}`, { attributes: { a: 1 } }),
    ]);
    expect((await api.get(`/v1/clients/${body.id}`)).body).toMatchObject({
      tags: ['x'],
      timezone: 'UTC',
      attributes: { a: 1 },
    });
  });
});

test('deleting cancels what was not sent yet, and leaves what was, and the statistics of it', async () => {
  const { body: client } = await api.post('/v1/clients', aClient());
  const { body: mailing } = await api.post('/v1/mailings', aMailing({ startAt: inHours(-1) }));
  const { body: earlier } = await api.post('/v1/mailings', aMailing({ startAt: inHours(-2) }));
  await api.query(`UPDATE mailings SET status = 'running', started_at = now()`);
  await api.query(
    `INSERT INTO messages (mailing_id, client_id, batch_id, phone, status)
     VALUES ($1, $3, 1, 1, 'pending'), ($2, $3, 2, 1, 'sent'), ($1, $3 + 1, 1, 2, 'pending')`,
    [mailing.id, earlier.id, client.id],
  );
  await api.query(
    `INSERT INTO mailing_counters (mailing_id, shard, pending, sent)
     VALUES ($1, 0, 2, 0), ($2, 0, 0, 1), (0, 0, 2, 1)`,
    [mailing.id, earlier.id],
  );

  expect((await api.delete(`/v1/clients/${client.id}`)).status).toBe(204);

  expect((await api.get(`/v1/clients/${client.id}`)).status).toBe(404);
  expect((await api.delete(`/v1/clients/${client.id}`)).status).toBe(404);
  const { body: messages } = await api.get(`/v1/clients/${client.id}/messages`);
  expect(messages.items.map(({ status }: { status: string }) => status)).toEqual(['sent', 'cancelled']);
  const { body: statistics } = await api.get('/v1/statistics');
  expect(statistics).toMatchObject({ total: 3, byStatus: { pending: 1, cancelled: 1, sent: 1 } });
});
