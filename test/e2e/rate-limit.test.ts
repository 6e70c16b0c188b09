import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createClients, createMailing, statisticsOf, whenCompleted } from '../support/mailing-scenario.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

const CLIENTS = 3_000;

let world: World;
beforeAll(async () => {
  world = await World.start({ dispatchers: 2 });
  await createClients(world, { count: CLIENTS, tags: ['all'] });
});
afterAll(() => world?.end());
beforeEach(() => world.provider.forget());
afterEach(async () => {
  await setProviderLimit(null);
  await world.query(`UPDATE mailings SET status = 'cancelled' WHERE status = 'running'`);
  await until('nothing is sent any more', async () => (await leased()) === 0);
});

async function setProviderLimit(rateLimit: number | null): Promise<void> {
  const { status } = await world.rest.patch('/v1/providers/1', { rateLimit });
  expect(status).toBe(200);
}

const leased = async () =>
  (await world.query(`SELECT FROM batches WHERE state = 'leased' AND lease_until > ems_now()`)).length;

/** When requests came to the provider, epoch milliseconds, ascending. */
async function arrivals(after = 0): Promise<number[]> {
  const received = await world.provider.received();
  return received
    .map(({ at }) => at)
    .filter((at) => at >= after)
    .toSorted((a, b) => a - b);
}

async function whenReceived(count: number): Promise<void> {
  await until(`${count} were received`, async () => (await world.provider.summary()).requests >= count);
}

/** The most requests that came in any second. */
function mostInASecond(times: readonly number[]): number {
  let start = 0;
  return times.reduce((most, time, end) => {
    while (time - (times[start] ?? 0) >= 1_000) start += 1;
    return Math.max(most, end - start + 1);
  }, 0);
}

test('the limit of a provider holds in any second while dispatchers join and die, and is nearly reached', async () => {
  await setProviderLimit(150);
  await createMailing(world, { audience: { tags: ['all'] } });
  await createMailing(world, { audience: { tags: ['all'] } });
  // The rate over a while is for the fault suite to judge: a machine with much else to do has its bad seconds.
  await until('a second comes near to the limit', async () => mostInASecond(await arrivals()) > 150 * 0.8);
  await world.addDispatcher();
  await whenReceived((await arrivals()).length + 250);
  await world.dispatchers[1]?.kill();
  await whenReceived((await arrivals()).length + 500);

  expect(mostInASecond(await arrivals()), world.output).toBeLessThanOrEqual(150 * 1.05 + 3);
});

test('a limit that is set, lowered or taken away while a mailing runs holds within a second', async () => {
  // So slow that hundreds wait for a connection when the limit is set.
  await world.provider.behave({ latencyMs: 1_500 });
  const id = await createMailing(world, { audience: { tags: ['all'] } });
  await whenReceived(60);
  const change = async (rateLimit: number | null) => {
    expect((await world.rest.patch(`/v1/mailings/${id}`, { rateLimit })).body).toMatchObject({
      rateLimit,
      status: 'running',
    });
    await world.provider.adjust({ latencyMs: 1 });
    return Date.now() + 1_000;
  };
  const set = await change(60);
  await until('it was sent by the limit for a while', async () => (await arrivals(set)).length > 100);
  const lowered = await change(10);
  await until('it is sent by the lower one', async () => (await arrivals(lowered)).length > 20);

  expect(mostInASecond((await arrivals(set)).filter((at) => at < lowered - 1_000))).toBeLessThanOrEqual(66);
  expect(mostInASecond(await arrivals(lowered))).toBeLessThanOrEqual(13);
  await change(null);
  expect((await whenCompleted(world, id)).byStatus).toMatchObject({ sent: CLIENTS });
  expect((await world.provider.summary()).duplicates).toBe(0);
});

test('a mailing that is sent slowly holds up no other', async () => {
  const startedAt = performance.now();
  const slow = await createMailing(world, { audience: { tags: ['all'] }, rateLimit: 5 });
  await whenReceived(5);
  const fast = await createMailing(world, { audience: { tags: ['all'] } });
  await whenCompleted(world, fast);

  const { byStatus } = await statisticsOf(world, slow);
  const seconds = (performance.now() - startedAt) / 1_000;
  expect(byStatus['sent']).toBeLessThanOrEqual(Math.min(5.25 * seconds + 3, CLIENTS / 2));
  await whenReceived(CLIENTS + (byStatus['sent'] ?? 0) + 5);
});
