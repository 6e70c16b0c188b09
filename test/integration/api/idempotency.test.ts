import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aClient, aMailing, TestApi } from '../../support/api.js';
import { OpenApi } from '../../support/openapi.js';
import { again, keyedPost, type KeyedAnswer } from '../../support/keyed-requests.js';

let api: TestApi;
let key: string;

beforeAll(async () => {
  api = await TestApi.start();
});
beforeEach(async () => {
  key = randomUUID();
  await api.query('TRUNCATE clients, mailings, messages, mailing_counters, idempotency_keys');
});
afterAll(() => api.end());

const post = (path: string, body?: unknown, under: string | string[] = key): Promise<KeyedAnswer> =>
  keyedPost(api, path, body, under);

async function count(table: string): Promise<number> {
  const [row] = await api.query(`SELECT count(*)::integer AS rows FROM ${table}`);
  return row?.['rows'];
}

function problemOf(answer: KeyedAnswer) {
  const { type, detail } = JSON.parse(answer.text);
  return { status: answer.status, type: type.split(':').at(-1), detail };
}

describe('the same request under the same key', () => {
  test.each([
    { path: '/v1/clients', table: 'clients', body: aClient({ attributes: { 10: 'a', 9: 'b', z: 1, a: 2 } }) },
    { path: '/v1/mailings', table: 'mailings', body: aMailing({ text: '“Grüße”\u2028 🎉' }) },
  ])('POST $path makes one thing, and answers the same bytes', async ({ path, table, body }) => {
    const first = await post(path, body);
    expect(first).toMatchObject({ status: 201, replayed: undefined });
    expect(first.location).toBe(`${path}/${JSON.parse(first.text).id}`);

    expect(await post(path, body)).toEqual(again(first));
    expect(await post(path, body)).toEqual(again(first));
    expect(await count(table)).toBe(1);
  });

  test('twenty at once make one thing, and get one answer', async () => {
    const body = aMailing();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/v1/mailings', body)));

    const first = answers.find(({ replayed }) => replayed === undefined);
    expect(first?.status).toBe(201);
    expect(answers.filter((answer) => answer !== first)).toEqual(Array(19).fill(again(first!)));
    expect(await count('mailings')).toBe(1);
  });

  test('a batch of a thousand is answered again in full, its errors too', async () => {
    const items = Array.from({ length: 1_000 }, (_, n) =>
      n % 3 === 0
        ? aClient({ timezone: 'Mars/Olympus' })
        : aClient({ attributes: { note: 'é'.repeat(100) } }),
    );
    const first = await post('/v1/clients/batch', { items });
    expect(first.status).toBe(200);
    expect(first.text.length).toBeGreaterThan(300_000);

    expect(await post('/v1/clients/batch', { items })).toEqual(again(first));
    expect(await count('clients')).toBe(666);
  });

  test('is the same whatever its white space and the order of its fields', async () => {
    const first = await post(
      '/v1/mailings',
      aMailing({ text: 'x', audience: { tags: ['a', 'b'], timezones: ['UTC'] } }),
    );
    const { startAt, endAt } = JSON.parse(first.text);
    const other = `{ "endAt": "${endAt}", "audience": {"timezones":["UTC"], "tags":["a","b"]},
      "startAt": "${startAt}", "text": "\\u0078" }`;

    expect(await post('/v1/mailings', other)).toEqual(again(first));
    const reordered = other.replace('"a","b"', '"b","a"');
    expect((await post('/v1/mailings', reordered)).status, 'a list is in order').toBe(422);
  });

  test('is answered as then, whatever became of the thing', async () => {
    const body = aClient();
    const first = await post('/v1/clients', body);
    await api.delete(first.location ?? '');

    expect(await post('/v1/clients', body)).toEqual(again(first));
    expect(await count('clients')).toBe(0);
  });
});

describe('another request under the same key is a 422 that changes nothing', () => {
  const reused = { status: 422, type: 'idempotency-key-reused' };

  test('with another body', async () => {
    const body = aMailing();
    await post('/v1/mailings', body);

    expect(problemOf(await post('/v1/mailings', { ...body, text: 'Other news.' }))).toMatchObject(reused);
    expect(problemOf(await post('/v1/mailings', {})), 'a wrong one as well').toMatchObject(reused);
    expect(await count('mailings')).toBe(1);
  });

  test('for another operation', async () => {
    const { location } = await post('/v1/mailings', aMailing());

    expect(problemOf(await post('/v1/clients', aClient()))).toMatchObject(reused);
    expect(problemOf(await post(`${location}/cancel`))).toMatchObject(reused);
    expect(await count('clients')).toBe(0);
    expect((await api.get(location ?? '')).body.status).toBe('scheduled');
  });

  test('for another thing', async () => {
    const [one, other] = [
      await post('/v1/mailings', aMailing(), 'one'),
      await post('/v1/mailings', aMailing(), 'other'),
    ];
    expect((await post(`${one.location}/pause`)).status).toBe(200);

    expect(problemOf(await post(`${other.location}/pause`))).toMatchObject(reused);
    expect((await api.get(other.location ?? '')).body.status).toBe('scheduled');
  });
});

describe('a refused request', () => {
  test('can be corrected and made under its key', async () => {
    expect((await post('/v1/clients', aClient({ timezone: 'Mars/Olympus' }))).status).toBe(400);
    expect((await post('/v1/clients', aClient({ colour: 'red' }))).status).toBe(400);
    const deep = `{"attributes":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect((await post('/v1/clients', deep)).status).toBe(400);
    expect((await post('/v1/clients', '{"phone"')).status).toBe(400);
    const refused = await post('/v1/mailings', aMailing({ endAt: '2001-01-01T00:00:00Z' }));
    expect(refused).toMatchObject({ status: 400, replayed: undefined, location: undefined });
    expect(await count('idempotency_keys')).toBe(0);

    expect(await post('/v1/clients', aClient())).toMatchObject({ status: 201, replayed: undefined });
  });

  test('is asked anew, and done once nothing is in its way', async () => {
    const body = aClient();
    const { body: holder } = await api.post('/v1/clients', body);
    expect((await post('/v1/clients', body)).status).toBe(409);
    await api.delete(`/v1/clients/${holder.id}`);

    expect((await post('/v1/clients', body)).status).toBe(201);
  });

  test('that waits for dispatchers leaves its key free as well', async () => {
    expect((await post('/v1/mailings/7/pause')).status).toBe(404);
    expect((await post('/v1/clients', aClient())).status).toBe(201);
  });
});

describe('a key', () => {
  test('is known for 24 hours by the database’s clock', async () => {
    const body = aMailing({ startAt: '2998-01-01T00:00:00Z', endAt: '2999-01-01T00:00:00Z' });
    const first = await post('/v1/mailings', body);
    try {
      await api.query(`UPDATE clock_offset SET by_interval = '23 hours 59 minutes'`);
      expect(await post('/v1/mailings', body)).toEqual(again(first));

      await api.query(`UPDATE clock_offset SET by_interval = '24 hours 1 second'`);
      const second = await post('/v1/clients', aClient());
      expect(second, 'it is as good as new').toMatchObject({ status: 201, replayed: undefined });
      await api.query(`UPDATE clock_offset SET by_interval = '47 hours'`);
      expect((await post('/v1/mailings', body)).status, 'for another 24').toBe(422);
    } finally {
      await api.query(`UPDATE clock_offset SET by_interval = '0'`);
    }
  });

  test.each([
    ['the shortest', '!', 201],
    ['the longest', '~'.repeat(255), 201],
    ['a quoted one', '"8e03978e-40d5-43dd-bc93-6894a57f9324"', 201],
    ['an empty one', '', 400],
    ['one too long', 'k'.repeat(256), 400],
    ['one with a space', 'order 17', 400],
    ['one beyond ASCII', 'Grüße', 400],
    ['two', ['one', 'two'], 400],
  ])('that is %s', async (_, given, status) => {
    const answer = await post('/v1/clients', aClient(), given);
    expect(answer.status).toBe(status);
    if (status === 400) {
      expect(JSON.parse(answer.text).errors).toEqual([
        { path: 'Idempotency-Key', message: expect.stringContaining('printable ASCII') },
      ]);
    }
    expect(await count('clients')).toBe(status === 201 ? 1 : 0);
  });

  test('means nothing to what can be repeated as it is', async () => {
    const { location = '' } = await post('/v1/clients', aClient());
    for (const given of [key, 'not a key']) {
      const headers = { 'idempotency-key': given };
      for (const method of ['GET', 'HEAD']) {
        expect((await api.call(method, location, { headers })).status).toBe(200);
      }
      const tags = [randomUUID()];
      const changed = await api.patch(location, { tags }, { headers });
      expect([changed.status, changed.body.tags]).toEqual([200, tags]);
      expect(changed.headers).not.toHaveProperty('idempotency-replayed');
    }
    expect((await api.delete(location, { headers: { 'idempotency-key': key } })).status).toBe(204);
    expect(await count('idempotency_keys')).toBe(1);
  });
});

test('without a key nothing is kept', async () => {
  expect((await api.post('/v1/clients', aClient())).status).toBe(201);
  expect(await count('idempotency_keys')).toBe(0);
});

describe('every POST', () => {
  test('takes a key, and answers its repetition with the same', async () => {
    const { location: mailing = '' } = await post('/v1/mailings', aMailing(), 'mailing');
    const messages = await api.query<{ id: number }>(
      `INSERT INTO messages (mailing_id, client_id, batch_id, phone, status, attempts)
       SELECT $1, client, 1, 79001112233, 'unknown', 1 FROM generate_series(1, 2) AS client RETURNING id`,
      [Number(mailing.split('/').at(-1))],
    );
    const calls: Record<string, [path: string, body?: unknown]> = {
      '/v1/clients': ['/v1/clients', aClient()],
      '/v1/clients/batch': ['/v1/clients/batch', { items: [aClient()] }],
      '/v1/mailings': ['/v1/mailings', aMailing()],
      '/v1/messages/{id}/resolve': [`/v1/messages/${messages[0]?.id}/resolve`, { as: 'sent' }],
      '/v1/mailings/{id}/resolve': [`${mailing}/resolve`, { as: 'failed' }],
      '/v1/mailings/{id}/pause': [`${mailing}/pause`],
      '/v1/mailings/{id}/resume': [`${mailing}/resume`],
      '/v1/mailings/{id}/cancel': [`${mailing}/cancel`],
    };
    const { operations } = new OpenApi((await api.get('/docs-json')).body);
    const documented = operations.filter(({ method }) => method === 'post').map(({ path }) => path);
    expect(documented.toSorted()).toEqual(Object.keys(calls).toSorted());
    for (const [path, [concrete, body]] of Object.entries(calls)) {
      const first = await post(concrete, body, path);
      expect(first.status, path).toBeLessThan(300);
      expect(await post(concrete, body, path), path).toEqual(again(first));
    }
  });

  test('documents the key, its problems and the header of a repetition, and nothing else does', async () => {
    const { operations } = new OpenApi((await api.get('/docs-json')).body);
    expect(operations.filter(({ method }) => method === 'post').length).toBeGreaterThan(5);
    for (const { name, method, operation } of operations) {
      const header = operation.parameters?.find((parameter) => parameter.in === 'header');
      if (method !== 'post') {
        expect(header, name).toBeUndefined();
        continue;
      }
      expect(header, name).toMatchObject({
        name: 'Idempotency-Key',
        required: false,
        schema: { minLength: 1, maxLength: 255 },
      });
      const { responses } = operation;
      for (const status of ['409', '422']) {
        expect(responses[status]?.description, `${name} ${status}`).toMatch(/`Idempotency-Key`/);
      }
      const success = Object.keys(responses).find((status) => status.startsWith('2')) ?? '';
      expect(responses[success]?.headers, name).toHaveProperty('Idempotency-Replayed');
    }
  });
});
