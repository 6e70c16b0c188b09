import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { aClient, aMailing, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
beforeEach(() => api.query('TRUNCATE clients, mailings'));
afterAll(() => api.end());

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

test('a list shows each client once over all pages, though some come and go meanwhile', async () => {
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

test('a list ends on a full page without an empty one behind it', async () => {
  for (let n = 0; n < 4; n += 1) await api.post('/v1/clients', aClient());
  expect((await idsOfAllPages('/v1/clients', 2)).map((page) => page.length)).toEqual([2, 2]);
});

test('a list refuses the cursor of another list', async () => {
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
])('a search by $query finds $found', async ({ query, found }) => {
  await api.post('/v1/clients', aClient({ phone: '+79160000001', tags: ['vip', 'new'] }));
  await api.post('/v1/clients', aClient({ phone: '+79160000002', tags: ['vip'], timezone: 'UTC' }));
  await api.post('/v1/clients', aClient({ phone: '+79030000001', timezone: 'UTC' }));

  const { body } = await api.get(`/v1/clients?${query.replaceAll(' ', '%20')}`);

  expect(body.items.map(({ phone }: { phone: string }) => phone)).toEqual(found);
});

test('a search takes tags in any capitals and blanks, and time zones under any of their names', async () => {
  const add = (given: object) => api.post('/v1/clients', aClient({ ...given }));
  const kiev = await add({
    timezone: 'Europe/Kiev',
    tags: ['  VIP\u00a0\u2003Spring ', 'vip spring', 'e\u0301t\u00c9'],
  });
  const kyiv = await add({ timezone: 'Europe/Kyiv', tags: ['vip'] });
  await add({ timezone: 'Europe/Warsaw' });
  expect(kiev.body).toMatchObject({ timezone: 'Europe/Kiev', tags: ['vip spring', '\u00e9t\u00e9'] });

  const found = async (query: string) =>
    (await api.get(`/v1/clients?${query}`)).body.items.map(({ id }: { id: number }) => id);
  const both = [kiev.body.id, kyiv.body.id];
  expect(await found('timezone=Europe/Kyiv')).toEqual(both);
  expect(await found('timezone=Europe/Kiev')).toEqual(both);
  expect(await found('timezone=Europe/Kiev&tag=ViP')).toEqual([kyiv.body.id]);
  expect(await found('timezone=Europe/Kiev&tag=Vip%20%20SPRING')).toEqual([kiev.body.id]);
  expect(await found(`tag=${encodeURIComponent('\u00c9T\u00c9')}`)).toEqual([kiev.body.id]);
  const first = (await api.get('/v1/clients?timezone=Europe/Kyiv&limit=1')).body;
  expect(first.items.map(({ id }: { id: number }) => id)).toEqual([kiev.body.id]);
  expect(await found(`timezone=Europe/Kyiv&cursor=${first.nextCursor}`)).toEqual([kyiv.body.id]);
});

test('a rare tag is found behind thousands without it, page by page, with and without other conditions', async () => {
  await api.query(
    `INSERT INTO clients (phone, tags, timezone, operator_code)
     SELECT 70000000000 + n, CASE WHEN n IN (5, 10005, 24000, 24001) THEN '{rare}' ELSE '{}' END::text[], 'UTC',
       CASE WHEN n % 2 = 0 THEN '900' END
     FROM generate_series(1, 24001) AS n`,
  );
  const phones = async (query: string) => {
    const pages = await idsOfAllPages(`/v1/clients?${query}`, 2);
    const rows = await api.query('SELECT id, phone - 70000000000 AS n FROM clients WHERE id = ANY ($1)', [
      pages.flat(),
    ]);
    const byId = new Map(rows.map(({ id, n }) => [id, Number(n)]));
    return pages.map((page) => page.map((id) => byId.get(id)));
  };
  expect(await phones('tag=rare')).toEqual([
    [5, 10_005],
    [24_000, 24_001],
  ]);
  expect(await phones('tag=rare&timezone=UTC&operatorCode=900')).toEqual([[24_000]]);
  expect(await phones('tag=none')).toEqual([[]]);
});
