import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  acceptedTimes,
  countDuplicates,
  createClients,
  createMailing,
  messagesOf,
  statisticsOf,
  whenCompleted,
} from '../support/mailing-scenario.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

const PROBE_TIMEOUT = 3_000;

let world: World;
beforeAll(async () => {
  world = await World.start({ dispatchers: 2 });
  await createClients(world, { count: 5_000, tags: ['all'] });
});
afterAll(() => world.end());
beforeEach(() => world.provider.forget());

test('an outage from before the start burns nothing, and sending resumes by itself', async () => {
  await world.provider.behave({ down: true });
  const mailingId = await createMailing(world, { audience: { tags: ['all'] } });
  await until('the breaker is open and has probed', async () => {
    const [provider] = await world.query<{ failed_probes: number }>('SELECT failed_probes FROM providers');
    return (provider?.failed_probes ?? 0) >= 3;
  });
  expect((await statisticsOf(world, mailingId)).byStatus).toMatchObject({ pending: 5_000, failed: 0 });

  await world.provider.behave({});
  const back = Date.now();
  const statistics = await whenCompleted(world, mailingId);
  expect(statistics.byStatus).toMatchObject({ sent: 5_000, failed: 0, expired: 0, unknown: 0 });
  expect(await countDuplicates(world)).toBe(0);
  const received = await world.provider.received();
  const resumedAfter = Math.min(...received.map((request) => request.at)) - back;
  expect(resumedAfter).toBeLessThan(5_000 + PROBE_TIMEOUT);
  const messages = await messagesOf(world, mailingId);
  expect(Math.max(...messages.map((message) => message.attempts))).toBe(1);
});

test('what an outage leaves at the end is expired, and nothing is sent after it', async () => {
  await world.provider.behave({ latencyMs: 50 });
  const mailingId = await createMailing(world, { audience: { tags: ['all'] }, endsInMs: 9_000 });
  const endAt = Date.parse((await world.rest.get(`/v1/mailings/${mailingId}`)).body.endAt);
  await until('some are sent', async () => (await statisticsOf(world, mailingId)).byStatus['sent'] ?? 0);
  await world.provider.behave({ down: true });
  await until(
    'the end has come and everything is final',
    async () => Date.now() > endAt && (await statisticsOf(world, mailingId)).byStatus['pending'] === 0,
    30_000,
  );
  await world.provider.behave({});
  const { total, byStatus } = await statisticsOf(world, mailingId);
  expect(total).toBe(5_000);
  const { sent = 0, expired = 0, unknown = 0 } = byStatus;
  expect(sent + expired + unknown).toBe(5_000);
  expect(expired).toBeGreaterThan(0);

  await whenCompleted(world, mailingId);
  const received = await world.provider.received();
  expect(Math.max(...received.map((request) => request.at))).toBeLessThan(endAt);
  // In doubt are the requests on the wire when the connections were cut, and those that met it half closed.
  expect(unknown).toBeLessThanOrEqual(2 * 128);
  const accepted = await acceptedTimes(world);
  for (const message of await messagesOf(world, mailingId)) {
    if (message.status === 'sent') expect(accepted.has(message.id)).toBe(true);
    if (message.status === 'expired') expect(accepted.has(message.id)).toBe(false);
  }
});
