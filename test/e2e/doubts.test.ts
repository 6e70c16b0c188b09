import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  acceptedTimes,
  createClients,
  createMailing,
  messagesOf,
  statisticsOf,
} from '../support/mailing-scenario.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

const CONCURRENCY = 16;
const MAX_UNRECORDED = 32;
const TIMEOUT = 1_000;
const MESSAGES = 1_000;
/** Of the first request of a message; a provider that forgets it then would send it again. */
const KEY_LIFETIME = 6_000;

let world: World;
beforeAll(async () => {
  world = await World.start({
    settings: {
      PROVIDER_CONCURRENCY: String(CONCURRENCY),
      MAX_UNRECORDED: String(MAX_UNRECORDED),
      PROVIDER_TIMEOUT_MS: String(TIMEOUT),
      LEASE_MS: '4000',
      OWNER_SILENCE_MS: '2000',
    },
  });
  await createClients(world, { count: MESSAGES, tags: ['many'] });
  await createClients(world, { count: 5, tags: ['few'] });
});
beforeEach(() => world.provider.forget());
afterEach(() => world.provider.behave({}));
afterAll(() => world.end());

test('a holding mailing sends nothing twice, whatever is left in doubt, and a kill leaves few unknown', async () => {
  await world.provider.behave({
    latencyMs: 5,
    faults: [
      { kind: 'acceptThenStatus', status: 500, every: 40 },
      { kind: 'resetAfterBody', accept: true, every: 45 },
      { kind: 'acceptThenHang', every: 300 },
    ],
  });
  const mailingId = await createMailing(world, { audience: { tags: ['many'] }, onAmbiguous: 'hold' });
  await until(
    'a quarter is accepted',
    async () => (await world.provider.summary()).accepted > MESSAGES / 4,
    30_000,
    10,
  );
  const [dispatcher] = world.dispatchers;
  await dispatcher?.kill();
  if (dispatcher) await world.startDispatcher(dispatcher);
  const { byStatus } = await until(
    'nothing is pending',
    async () => {
      const statistics = await statisticsOf(world, mailingId);
      return statistics.total === MESSAGES && statistics.byStatus['pending'] === 0 && statistics;
    },
    60_000,
  );

  const { duplicates } = await world.provider.summary();
  expect(duplicates).toBe(0);
  // What was granted and not written yet when its dispatcher was killed is in doubt too: nobody can tell.
  const accepted = await acceptedTimes(world);
  const missing = (await messagesOf(world, mailingId)).filter(({ id }) => !accepted.has(id));
  expect(missing.filter(({ status }) => status !== 'unknown')).toEqual([]);
  expect(missing.length).toBeLessThanOrEqual(MAX_UNRECORDED);
  const doubts = (await world.provider.received()).filter(({ fault }) => fault !== null).length;
  expect((byStatus['sent'] ?? 0) + (byStatus['unknown'] ?? 0)).toBe(MESSAGES);
  expect(byStatus['unknown']).toBeGreaterThan(10);
  expect(byStatus['unknown']).toBeLessThanOrEqual(doubts + MAX_UNRECORDED);
});

test('a doubt is tried again while the provider knows the id, held afterwards, and sent again when a person says so', async () => {
  await world.query('UPDATE providers SET key_lifetime = make_interval(secs => $1)', [KEY_LIFETIME / 1_000]);
  await world.provider.behave({ faults: [{ kind: 'acceptThenStatus', status: 500 }] });
  const mailingId = await createMailing(world, { audience: { tags: ['few'] } });
  await until(
    'all are held',
    async () => (await statisticsOf(world, mailingId)).byStatus['unknown'] === 5,
    60_000,
  );

  const requests = await world.provider.received();
  for (const { id } of await messagesOf(world, mailingId)) {
    const [first, ...further] = requests.filter((request) => request.id === id).map(({ at }) => at);
    if (first === undefined) throw new Error(`Message ${id} was never sent`);
    for (const at of further) expect(at - first).toBeLessThan(KEY_LIFETIME - TIMEOUT);
  }
  expect(requests.length, 'before that they are tried again').toBeGreaterThan(5);
  await world.provider.behave({});
  const { body } = await world.rest.post(`/v1/mailings/${mailingId}/resolve`, { as: 'resend' });
  expect(body).toMatchObject({ resolved: 5 });
  await until(
    'all are sent',
    async () => (await statisticsOf(world, mailingId)).byStatus['sent'] === 5,
    20_000,
  );
});
