import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aClient, aMailing, inHours, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
beforeEach(() => api.query('TRUNCATE clients, mailings, messages, batches, mailing_counters'));
afterAll(() => api.end());

interface BatchItem {
  client?: { phone: string };
  error?: { status: number; errors: { path: string }[] };
}

/** The ids of every page of a list, asked for one after the other. */
async function idsOfAllPages(path: string, limit: number): Promise<number[][]> {
  const pages: number[][] = [];
  let cursor = '';
  for (;;) {
    const { body } = await api.get(`${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`);
    pages.push(body.items.map(({ id }: { id: number }) => id));
    if (body.nextCursor === null) return pages;
    cursor = `&cursor=${body.nextCursor}`;
  }
}

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

describe('a batch', () => {
  test('has a result for each item, in order, whatever becomes of the others', async () => {
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

  test('of a thousand is added by one call', async () => {
    const { body } = await api.post('/v1/clients/batch', {
      items: Array.from({ length: 1_000 }, () => aClient()),
    });
    expect(new Set(body.items.map((item: { status: string }) => item.status))).toEqual(new Set(['created']));
    expect(await api.query('SELECT count(*)::int AS n FROM clients')).toEqual([{ n: 1_000 }]);
  });

  test('and another with the same phones in another order do not wait for each other in a circle', async () => {
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
});

describe('listing', () => {
  test('shows each client once over all pages, though some come and go meanwhile', async () => {
    const ids: number[] = [];
    for (let n = 0; n < 7; n += 1) ids.push((await api.post('/v1/clients', aClient())).body.id);

    const first = await api.get('/v1/clients?limit=3');
    await api.delete(`/v1/clients/${ids[2]}`);
    await api.delete(`/v1/clients/${ids[3]}`);
    const added = (await api.post('/v1/clients', aClient())).body.id;
    const second = await api.get(`/v1/clients?limit=3&cursor=${first.body.nextCursor}`);
    const third = await api.get(`/v1/clients?limit=3&cursor=${second.body.nextCursor}`);

    const shown = [first, second, third].flatMap(({ body }) =>
      body.items.map((item: { id: number }) => item.id),
    );
    expect(shown).toEqual([ids[0], ids[1], ids[2], ids[4], ids[5], ids[6], added]);
    expect(third.body.nextCursor).toBeNull();
  });

  test('ends on a full page without an empty one behind it', async () => {
    for (let n = 0; n < 4; n += 1) await api.post('/v1/clients', aClient());
    expect((await idsOfAllPages('/v1/clients', 2)).map((page) => page.length)).toEqual([2, 2]);
  });

  test('refuses the cursor of another list', async () => {
    for (let n = 0; n < 2; n += 1) await api.post('/v1/mailings', aMailing());
    const { nextCursor } = (await api.get('/v1/mailings?limit=1')).body;

    const { status, body } = await api.get(`/v1/clients?cursor=${nextCursor}`);

    expect(status).toBe(400);
    expect(body.errors).toEqual([{ path: 'cursor', message: expect.any(String) }]);
  });

  test.each([
    { query: 'tag=vip', found: ['79160000001', '79160000002'] },
    { query: 'tag=vip&operatorCode=916', found: ['79160000001', '79160000002'] },
    { query: 'tag=vip&timezone=UTC', found: ['79160000002'] },
    { query: 'operatorCode=903', found: ['79030000001'] },
    { query: 'timezone=UTC', found: ['79160000002', '79030000001'] },
    { query: `phone=${encodeURIComponent('+7 (916) 000-00-02')}`, found: ['79160000002'] },
    { query: 'phone=+79160000002', found: ['79160000002'] },
    { query: 'phone=79160000002&tag=new', found: [] },
    { query: "tag=vip' OR true --", found: [] },
    { query: '', found: ['79160000001', '79160000002', '79030000001'] },
  ])('by $query finds $found', async ({ query, found }) => {
    await api.post('/v1/clients', aClient({ phone: '+79160000001', tags: ['vip', 'new'] }));
    await api.post('/v1/clients', aClient({ phone: '+79160000002', tags: ['vip'], timezone: 'UTC' }));
    await api.post('/v1/clients', aClient({ phone: '+79030000001', timezone: 'UTC' }));

    const { body } = await api.get(`/v1/clients?${query.replaceAll(' ', '%20')}`);

    expect(body.items.map(({ phone }: { phone: string }) => phone)).toEqual(found);
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
