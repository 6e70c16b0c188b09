import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createClients, createMailing, statisticsOf, whenCompleted } from '../support/mailing-scenario.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

const CONCURRENCY = 32;

let world: World;
beforeAll(async () => {
  world = await World.start({ dispatchers: 2, settings: { PROVIDER_CONCURRENCY: String(CONCURRENCY) } });
  await createClients(world, { count: 5_000, tags: ['all'] });
});
afterAll(() => world.end());
beforeEach(async () => {
  await world.provider.behave({ latencyMs: 100 });
  await world.provider.forget();
});

async function mailingInTheMiddle(): Promise<number> {
  const mailingId = await createMailing(world, { audience: { tags: ['all'] } });
  await until(
    'some are sent',
    async () => ((await statisticsOf(world, mailingId)).byStatus['sent'] ?? 0) > 200,
  );
  return mailingId;
}

test('a pause is effective when it is answered, and says how many were on the wire', async () => {
  const mailingId = await mailingInTheMiddle();
  const paused = await world.rest.post(`/v1/mailings/${mailingId}/pause`);
  const answeredAt = Date.now();
  expect(paused.status).toBe(200);
  expect(paused.body).toMatchObject({ status: 'paused', unconfirmedDispatchers: [] });
  expect(paused.body.inFlight).toBeGreaterThan(0);
  expect(paused.body.inFlight).toBeLessThanOrEqual(2 * CONCURRENCY);

  await until('what was on the wire is recorded and every batch is back', async () => {
    const leased = await world.query("SELECT FROM batches WHERE state = 'leased'");
    return leased.length === 0;
  });
  const received = await world.provider.received();
  // Requests that were under way may arrive a little after the answer, but no new one starts.
  expect(received.filter((request) => request.at > answeredAt + 250)).toEqual([]);
  const whilePaused = (await statisticsOf(world, mailingId)).byStatus;
  expect(whilePaused['sent']).toBe(received.length);

  const resumed = await world.rest.post(`/v1/mailings/${mailingId}/resume`);
  expect(resumed.body).toMatchObject({ status: 'running' });
  const { byStatus } = await whenCompleted(world, mailingId);
  expect(byStatus).toMatchObject({ sent: 5_000 });
  expect((await world.provider.summary()).duplicates).toBe(0);
});

test('what was paused, resumed or given another end before its start is sent when it starts', async () => {
  await world.provider.behave({ latencyMs: 5 });
  const later = { audience: { tags: ['all'] }, startsInMs: 30_000 };
  const [resumed, shortened, prolonged] = [
    await createMailing(world, later),
    await createMailing(world, later),
    await createMailing(world, later),
  ];
  await world.rest.post(`/v1/mailings/${resumed}/pause`);
  expect((await world.rest.post(`/v1/mailings/${resumed}/resume`)).body.status).toBe('scheduled');
  // Within the minute for which dispatchers remember a change: so it would have expired.
  const endAt = new Date(Date.now() + 59_000).toISOString();
  expect((await world.rest.patch(`/v1/mailings/${shortened}`, { endAt })).status).toBe(200);
  expect(
    (await world.rest.patch(`/v1/mailings/${prolonged}`, { endAt: '2098-01-01T00:00:00Z' })).status,
  ).toBe(200);

  for (const mailingId of [resumed, shortened, prolonged]) {
    expect.soft((await whenCompleted(world, mailingId, 100_000)).byStatus).toMatchObject({ sent: 5_000 });
  }
});

test('a cancelled mailing ends with every message sent or cancelled', async () => {
  const mailingId = await mailingInTheMiddle();
  const cancelled = await world.rest.post(`/v1/mailings/${mailingId}/cancel`);
  expect(cancelled.body).toMatchObject({ status: 'cancelled', unconfirmedDispatchers: [] });
  const byStatus = await until('nothing is pending', async () => {
    const statistics = await statisticsOf(world, mailingId);
    return statistics.byStatus['pending'] === 0 && statistics.byStatus;
  });
  const { sent = 0, cancelled: never = 0 } = byStatus;
  expect(sent + never).toBe(5_000);
  expect(never).toBeGreaterThan(0);
  expect((await world.provider.summary()).distinctAccepted).toBe(sent);
});

test('a dispatcher that does not confirm is named', async () => {
  const mailingId = await mailingInTheMiddle();
  const [, stuck] = world.dispatchers;
  stuck?.signal('SIGSTOP');
  try {
    const paused = await world.rest.post(`/v1/mailings/${mailingId}/pause`);
    const [row] = await world.query<{ id: string }>('SELECT id FROM dispatchers WHERE pid = $1', [
      stuck?.pid,
    ]);
    expect(paused.body.unconfirmedDispatchers).toEqual([row?.id]);
  } finally {
    stuck?.signal('SIGCONT');
  }
  await world.rest.post(`/v1/mailings/${mailingId}/cancel`);
});
