import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { messageStatuses } from '#libs/queue/transitions';
import { aMailing, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
beforeEach(() => api.query('TRUNCATE mailings, mailing_counters'));
afterAll(() => api.end());

const none = Object.fromEntries(messageStatuses.map((status) => [status, 0]));

async function mailings(count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let n = 0; n < count; n += 1) ids.push((await api.post('/v1/mailings', aMailing())).body.id);
  return ids;
}

async function counters(mailing: number, shard: number, counts: Record<string, number>): Promise<void> {
  await api.query(
    `INSERT INTO mailing_counters (mailing_id, shard, ${Object.keys(counts).join(', ')})
     VALUES ($1, $2, ${Object.values(counts).join(', ')})`,
    [mailing, shard],
  );
}

test('of nothing are zeros', async () => {
  expect((await api.get('/v1/statistics')).body).toEqual({
    total: 0,
    byStatus: none,
    mailings: { items: [], nextCursor: null },
  });
});

test('of a mailing are the sum of its shards, whose deltas may be negative', async () => {
  const [mailing = 0, other = 0] = await mailings(2);
  await counters(mailing, 0, { pending: 100, unknown: 3 });
  await counters(mailing, 3, { pending: -60, sent: 50, failed: 10, delivered: 1 });
  await counters(mailing, 15, {
    pending: -5,
    sent: 2,
    unknown: -3,
    cancelled: 1,
    expired: 4,
    undelivered: 1,
  });
  await counters(other, 0, { pending: 7 });

  expect((await api.get(`/v1/mailings/${mailing}/statistics`)).body).toEqual({
    mailingId: mailing,
    total: 104,
    byStatus: {
      pending: 35,
      sent: 52,
      delivered: 1,
      undelivered: 1,
      failed: 10,
      expired: 4,
      cancelled: 1,
      unknown: 0,
    },
  });
});

test('of a mailing that is not planned yet are zeros', async () => {
  const [mailing] = await mailings(1);
  expect((await api.get(`/v1/mailings/${mailing}/statistics`)).body).toEqual({
    mailingId: mailing,
    total: 0,
    byStatus: none,
  });
});

test('of everything are of one moment, the total and the mailings alike', async () => {
  const [mailing = 0] = await mailings(1);
  await counters(mailing, 0, { sent: 0 });
  await counters(0, 0, { sent: 0 });
  const read = new AbortController();
  const sending = async () => {
    while (!read.signal.aborted) await api.query('UPDATE mailing_counters SET sent = sent + 1');
  };
  const reading = async () => {
    for (let reads = 0; reads < 200; reads += 1) {
      const { total, mailings } = (await api.get('/v1/statistics')).body;
      expect(mailings.items[0].total).toBe(total);
    }
  };
  await Promise.all([sending(), reading().finally(() => read.abort())]);
});

test('of everything are the counters of all mailings, with a page of the mailings, the newest first', async () => {
  const ids = await mailings(5);
  for (const [index, id] of ids.entries()) await counters(id, 0, { sent: index + 1 });
  await counters(0, 0, { sent: 9 });
  await counters(0, 1, { sent: 6, pending: 2 });

  const first = (await api.get('/v1/statistics?limit=2')).body;
  const second = (await api.get(`/v1/statistics?limit=2&cursor=${first.mailings.nextCursor}`)).body;
  const third = (await api.get(`/v1/statistics?limit=2&cursor=${second.mailings.nextCursor}`)).body;

  for (const page of [first, second, third]) {
    expect(page).toMatchObject({ total: 17, byStatus: { ...none, sent: 15, pending: 2 } });
  }
  const items = [first, second, third].flatMap((page) => page.mailings.items);
  expect(items.map(({ mailingId, total }) => [mailingId, total])).toEqual(
    ids.map((id, index) => [id, index + 1]).toReversed(),
  );
  expect(third.mailings.nextCursor).toBeNull();
});

test('beyond what an int4 holds are exact', async () => {
  const [mailing = 0] = await mailings(1);
  await counters(mailing, 0, { sent: 3_000_000_000 });
  await counters(mailing, 1, { sent: 1 });
  const { body } = await api.get(`/v1/mailings/${mailing}/statistics`);
  expect(body).toMatchObject({ total: 3_000_000_001, byStatus: { sent: 3_000_000_001 } });
});
