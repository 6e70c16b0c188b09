import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  acceptedTimes,
  createClients,
  createMailing,
  messagesOf,
  twelveZones,
  whenCompleted,
} from '../support/mailing-scenario.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ dispatchers: 2 });
});
afterAll(() => world.end());

test('a mailing for half of 10,000 clients reaches exactly those, once each, from both dispatchers', async () => {
  const targeted = await createClients(world, {
    count: 5_000,
    tags: ['vip', 'spring'],
    operatorCode: '901',
    timezones: twelveZones,
  });
  await createClients(world, { count: 2_500, tags: ['vip'], operatorCode: '902', timezones: twelveZones });
  await createClients(world, { count: 2_500, operatorCode: '901', timezones: twelveZones });

  const mailingId = await createMailing(world, { audience: { tags: ['vip'], operatorCodes: ['901'] } });
  const statistics = await whenCompleted(world, mailingId);

  expect(statistics.total).toBe(5_000);
  expect(statistics.byStatus).toMatchObject({ sent: 5_000, pending: 0, failed: 0, expired: 0, unknown: 0 });
  const messages = await messagesOf(world, mailingId);
  expect(messages.map((message) => message.clientId).toSorted((a, b) => a - b)).toEqual(targeted);
  const failures = await world.query('SELECT outcome, error, count(*) FROM attempts GROUP BY 1, 2');
  expect(failures, world.output).toEqual([]);
  const times = await acceptedTimes(world);
  expect([...times.keys()].toSorted((a, b) => a - b)).toEqual(messages.map((message) => message.id));
  expect(Math.max(...times.values())).toBe(1);

  // The grand total is the same sum, kept beside.
  const all = await world.rest.get('/v1/statistics');
  expect(all.body).toMatchObject({ total: 5_000, byStatus: { sent: 5_000 } });
});

test('two dispatchers share the work: each sends at least a fifth', async () => {
  await world.provider.behave({ latencyMs: 20 });
  await createClients(world, { count: 10_000, tags: ['shared'] });
  const before = await sentByDispatcher();
  const mailingId = await createMailing(world, { audience: { tags: ['shared'] } });
  await whenCompleted(world, mailingId);
  const after = await sentByDispatcher();
  const shares = after.map((sent, index) => (sent - (before[index] ?? 0)) / 10_000);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
  for (const share of shares) expect(share).toBeGreaterThanOrEqual(0.2);
});

test('a mailing in the future starts by itself within a second of its time, one in the past at once', async () => {
  await world.provider.behave({});
  await world.provider.forget();
  await createClients(world, { count: 1, tags: ['soon'] });
  const startAt = Date.now() + 4_000;
  await createMailing(world, { startsInMs: 4_000, audience: { tags: ['soon'] } });
  const [first] = await until('the request has come', async () => {
    const received = await world.provider.received();
    return received.length > 0 && received;
  });
  expect(first?.at).toBeGreaterThanOrEqual(startAt - 50);
  expect(first?.at).toBeLessThan(startAt + 1_000);

  await world.provider.forget();
  const createdAt = Date.now();
  await createMailing(world, { startsInMs: -60_000, audience: { tags: ['soon'] } });
  const [second] = await until('the request has come', async () => {
    const received = await world.provider.received();
    return received.length > 0 && received;
  });
  expect(second?.at).toBeLessThan(createdAt + 1_000);
});

/** Accepted requests of each dispatcher, by the shard of the counters that each keeps to itself. */
async function sentByDispatcher(): Promise<number[]> {
  const rows = await world.query<{ sent: number }>(
    `SELECT coalesce(c.sent, 0)::int AS sent FROM dispatchers d
     LEFT JOIN mailing_counters c ON c.shard = d.shard AND c.mailing_id = 0 ORDER BY d.shard`,
  );
  return rows.map((row) => row.sent);
}
