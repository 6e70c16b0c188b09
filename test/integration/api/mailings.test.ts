import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aMailing, inHours, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
beforeEach(async () => {
  await api.query('TRUNCATE mailings');
  await api.query(`UPDATE clock_offset SET by_interval = '0'`);
});
afterAll(() => api.end());

/** Adds a mailing and puts it into a status, as a dispatcher would. */
async function aMailingThatIs(status: string, given: Record<string, unknown> = {}): Promise<number> {
  const { body } = await api.post('/v1/mailings', aMailing(given));
  const started = status === 'scheduled' ? null : inHours(0);
  const finished = status === 'completed' ? inHours(0) : null;
  await api.query(
    'UPDATE mailings SET status = $2::mailing_status, started_at = $3, finished_at = $4 WHERE id = $1',
    [body.id, status, started, finished],
  );
  return body.id;
}

describe('adding', () => {
  test('gives the mailing back as it is kept, and says where', async () => {
    const { status, headers, body } = await api.post('/v1/mailings', {
      text: '  Скидки 🎉\nсегодня  ',
      audience: { operatorCodes: ['900'], tags: ['vip'], excludeTags: ['left'], timezones: ['UTC'] },
      startAt: '2999-03-01T09:00:00.5+03:00',
      endAt: '2999-03-01t23:30:00.123456-03:30',
      window: { from: '22:00', to: '08:00' },
      priority: 7,
      rateLimit: 250,
    });

    expect(status).toBe(201);
    expect(headers.location).toBe(`/v1/mailings/${body.id}`);
    expect(body).toEqual({
      id: expect.any(Number),
      text: '  Скидки 🎉\nсегодня  ',
      audience: { operatorCodes: ['900'], tags: ['vip'], excludeTags: ['left'], timezones: ['UTC'] },
      startAt: '2999-03-01T06:00:00.500Z',
      endAt: '2999-03-02T03:00:00.123Z',
      window: { from: '22:00', to: '08:00' },
      onAmbiguous: 'resend',
      priority: 7,
      rateLimit: 250,
      status: 'scheduled',
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: body.createdAt,
      startedAt: null,
      finishedAt: null,
    });
    expect((await api.get(`/v1/mailings/${body.id}`)).body).toEqual(body);
  });

  test('with the least there may be is for everyone, at any time of day', async () => {
    const { body } = await api.post('/v1/mailings', aMailing());
    expect(body).toMatchObject({ audience: {}, window: null, priority: 0, rateLimit: null });
  });

  test('takes a text of the largest size, counted in characters', async () => {
    const text = '🎉'.repeat(4_096);
    expect((await api.post('/v1/mailings', aMailing({ text }))).body.text).toBe(text);
  });

  test('takes a start in the past', async () => {
    expect((await api.post('/v1/mailings', aMailing({ startAt: inHours(-1) }))).status).toBe(201);
  });

  test("holds the end against the database's clock, not the host's", async () => {
    await api.query(`UPDATE clock_offset SET by_interval = '30 days'`);
    const { status, body } = await api.post('/v1/mailings', aMailing());
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ path: 'endAt', message: expect.stringContaining('in the future') }]);
  });
});

describe('listing', () => {
  test('shows the newest first, over pages, and by status', async () => {
    const ids: number[] = [];
    for (const status of ['scheduled', 'running', 'scheduled', 'completed', 'scheduled']) {
      ids.unshift(await aMailingThatIs(status));
    }

    const first = (await api.get('/v1/mailings?limit=3')).body;
    const added = await aMailingThatIs('scheduled');
    const second = (await api.get(`/v1/mailings?limit=3&cursor=${first.nextCursor}`)).body;
    const scheduled = (await api.get('/v1/mailings?status=scheduled')).body;

    const idsOf = (page: { items: { id: number }[] }) => page.items.map(({ id }) => id);
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids);
    expect(second.nextCursor).toBeNull();
    expect(idsOf(scheduled)).toEqual([added, ids[0], ids[2], ids[4]]);
  });
});

describe('changing', () => {
  test('a scheduled one changes whatever is given', async () => {
    const id = await aMailingThatIs('scheduled', { window: { from: '09:00', to: '21:00' }, priority: 3 });
    const { body: before } = await api.get(`/v1/mailings/${id}`);

    const { status, body } = await api.patch(`/v1/mailings/${id}`, { text: 'Other.', window: null });

    expect(status).toBe(200);
    expect(body).toEqual({
      ...before,
      text: 'Other.',
      window: null,
      updatedAt: body.updatedAt,
      inFlight: 0,
      unconfirmedDispatchers: [],
    });
    const changes = {
      audience: { tags: ['vip'] },
      startAt: '2999-01-01T00:00:00.000Z',
      endAt: '2999-01-02T00:00:00.000Z',
      window: { from: '23:30', to: '00:15' },
      priority: 100,
      rateLimit: 100_000,
    };
    expect((await api.patch(`/v1/mailings/${id}`, changes)).body).toMatchObject({
      text: 'Other.',
      ...changes,
    });
  });

  test('nothing at all is fine', async () => {
    const id = await aMailingThatIs('scheduled');
    expect((await api.patch(`/v1/mailings/${id}`, {})).status).toBe(200);
  });

  test.each(['running', 'paused'])(
    'a %s one changes its end, its priority and its rate limit only',
    async (status) => {
      const id = await aMailingThatIs(status);
      const changes = { endAt: '2999-01-02T00:00:00.000Z', priority: 9, rateLimit: 30 };

      expect((await api.patch(`/v1/mailings/${id}`, changes)).body).toMatchObject({ ...changes, status });

      for (const [path, value] of Object.entries({
        text: 'Other.',
        audience: {},
        startAt: inHours(1),
        window: null,
      })) {
        const { status: code, body } = await api.patch(`/v1/mailings/${id}`, { [path]: value, priority: 1 });
        expect([code, body.errors]).toEqual([409, [{ path, message: expect.stringContaining(status) }]]);
      }
      expect((await api.get(`/v1/mailings/${id}`)).body).toMatchObject(changes);
      const { body } = await api.patch(`/v1/mailings/${id}`, { rateLimit: null });
      expect(body).toMatchObject({ ...changes, rateLimit: null });
    },
  );

  test('one that was paused before it started changes as a scheduled one does', async () => {
    const id = await aMailingThatIs('scheduled');
    await api.post(`/v1/mailings/${id}/pause`);

    const { status, body } = await api.patch(`/v1/mailings/${id}`, { text: 'Other.', audience: {} });
    expect([status, body.status, body.text]).toEqual([200, 'paused', 'Other.']);
  });

  test.each(['completed', 'cancelled'])('a %s one changes nothing any more', async (status) => {
    const id = await aMailingThatIs(status);
    for (const changes of [{ priority: 1 }, { endAt: inHours(99) }, { text: 'Other.' }]) {
      const answer = await api.patch(`/v1/mailings/${id}`, changes);
      expect([answer.status, answer.body.detail]).toEqual([409, expect.stringContaining(status)]);
    }
  });

  test('only a new end takes a number for dispatchers to confirm', async () => {
    const id = await aMailingThatIs('running');
    const version = async () => {
      const [row] = await api.query('SELECT control_version AS v, control_at FROM mailings WHERE id = $1', [
        id,
      ]);
      return row?.v as number;
    };
    const { body } = await api.patch(`/v1/mailings/${id}`, { priority: 4 });
    expect(await version()).toBe(0);
    await api.patch(`/v1/mailings/${id}`, { endAt: body.endAt });
    expect(await version()).toBe(0);
    await api.patch(`/v1/mailings/${id}`, { endAt: inHours(99) });
    expect(await version()).toBeGreaterThan(0);
  });
});

describe('deleting', () => {
  test.each(['scheduled', 'completed', 'cancelled'])(
    'a %s one makes it gone for everyone',
    async (status) => {
      const id = await aMailingThatIs(status);

      expect((await api.delete(`/v1/mailings/${id}`)).status).toBe(204);

      for (const path of ['', '/statistics', '/messages']) {
        expect((await api.get(`/v1/mailings/${id}${path}`)).status).toBe(404);
      }
      for (const verb of ['pause', 'resume', 'cancel']) {
        expect((await api.post(`/v1/mailings/${id}/${verb}`)).status).toBe(404);
      }
      expect((await api.patch(`/v1/mailings/${id}`, {})).status).toBe(404);
      expect((await api.delete(`/v1/mailings/${id}`)).status).toBe(404);
      expect((await api.get('/v1/mailings')).body.items).toEqual([]);
      expect((await api.get('/v1/statistics')).body.mailings.items).toEqual([]);
    },
  );

  test('a scheduled one leaves nothing that could still start', async () => {
    const id = await aMailingThatIs('scheduled');
    await api.delete(`/v1/mailings/${id}`);
    expect(await api.query('SELECT status FROM mailings WHERE id = $1', [id])).toEqual([
      { status: 'cancelled' },
    ]);
  });

  test.each(['running', 'paused'])('a %s one is a conflict that says what to do', async (status) => {
    const id = await aMailingThatIs(status);
    const answer = await api.delete(`/v1/mailings/${id}`);
    expect([answer.status, answer.body.detail]).toEqual([
      409,
      expect.stringContaining('cancel the mailing before you delete it'),
    ]);
    expect((await api.get(`/v1/mailings/${id}`)).body.status).toBe(status);
  });
});
