import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClients, createMailing, statisticsOf, whenCompleted } from '../support/mailing-scenario.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({
    dispatchers: 1,
    settings: { DISPATCHER_LANES: '1', PROVIDER_CONCURRENCY: '4', GRANT_SIZE: '4' },
  });
  await createClients(world, { count: 500, tags: ['bulk'] });
  await createClients(world, { count: 20, tags: ['urgent'] });
});
afterAll(() => world.end());

test('an urgent mailing does not wait for the batch that keeps the only lane busy', async () => {
  await world.provider.behave({ latencyMs: 100 });
  const bulk = await createMailing(world, { audience: { tags: ['bulk'] } });
  const ofBulk = async (status: string) => (await statisticsOf(world, bulk)).byStatus[status] ?? 0;
  await until('the batch is being sent', async () => (await ofBulk('sent')) > 0);

  const urgent = await createMailing(world, { audience: { tags: ['urgent'] }, priority: 9 });
  await whenCompleted(world, urgent);
  expect(await ofBulk('pending')).toBeGreaterThan(250);

  await world.provider.behave({ latencyMs: 0 });
  await whenCompleted(world, bulk);
  expect((await world.provider.summary()).duplicates).toBe(0);
});
