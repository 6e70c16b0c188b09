import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  countDuplicates,
  createClients,
  createMailing,
  messagesOf,
  statisticsOf,
  whenCompleted,
} from '../support/mailing-scenario.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

const CONCURRENCY = 16;
const MAX_UNRECORDED = 4 * CONCURRENCY;
const MESSAGES = 5_000;

let world: World;
beforeAll(async () => {
  world = await World.start({
    ownServers: true,
    settings: { PROVIDER_CONCURRENCY: String(CONCURRENCY), MAX_UNRECORDED: String(MAX_UNRECORDED) },
  });
  await createClients(world, { count: MESSAGES, tags: ['all'] });
  // Slow enough to be caught in the middle.
  await world.provider.behave({ latencyMs: 5 });
}, 120_000);
afterAll(() => world.end());
beforeEach(() => world.provider.forget());

async function mailingInTheMiddle(): Promise<number> {
  const mailingId = await createMailing(world, { audience: { tags: ['all'] } });
  await until(
    'a fifth is sent',
    async () => ((await statisticsOf(world, mailingId)).byStatus['sent'] ?? 0) > MESSAGES / 5,
    30_000,
    10,
  );
  expect((await statisticsOf(world, mailingId)).byStatus['pending']).toBeGreaterThan(0);
  return mailingId;
}

async function expectEverythingSent(mailingId: number, duplicatesAtMost: number): Promise<void> {
  const { total, byStatus } = await whenCompleted(world, mailingId, 60_000);
  expect({ total, ...byStatus }).toMatchObject({ total: MESSAGES, sent: MESSAGES, pending: 0 });
  const accepted = new Set((await world.provider.received()).map((request) => request.id));
  for (const message of await messagesOf(world, mailingId)) expect(accepted.has(message.id)).toBe(true);
  expect(await countDuplicates(world)).toBeLessThanOrEqual(duplicatesAtMost);
}

test('kill -9 of the dispatcher: all arrive, and at most MAX_UNRECORDED twice', async () => {
  const mailingId = await mailingInTheMiddle();
  const [dispatcher] = world.dispatchers;
  await dispatcher?.kill();
  if (dispatcher) await world.startDispatcher(dispatcher);
  await expectEverythingSent(mailingId, MAX_UNRECORDED);
}, 120_000);

test('kill -9 of the API: nothing is doubled', async () => {
  const mailingId = await mailingInTheMiddle();
  await world.api.kill();
  await world.startApi();
  await expectEverythingSent(mailingId, 0);
}, 120_000);

test('kill -9 of NATS: nothing is doubled', async () => {
  const mailingId = await mailingInTheMiddle();
  await world.servers?.nats.kill();
  await world.servers?.nats.start();
  await expectEverythingSent(mailingId, 0);
}, 120_000);

test('a mailing is sent while NATS is away', async () => {
  await world.servers?.nats.kill();
  const mailingId = await createMailing(world, { audience: { tags: ['all'] } });
  await expectEverythingSent(mailingId, 0);
  await world.servers?.nats.start();
}, 120_000);

test('kill -9 of Postgres: answers wait and are recorded on its return, nothing is doubled', async () => {
  const mailingId = await mailingInTheMiddle();
  await world.servers?.postgres.kill();
  await world.servers?.postgres.start();
  await expectEverythingSent(mailingId, 0);
}, 120_000);

test('SIGTERM of the dispatcher: what is on the wire is finished, nothing is doubled or in doubt', async () => {
  const mailingId = await mailingInTheMiddle();
  const [dispatcher] = world.dispatchers;
  expect(await dispatcher?.stop()).toBe(0);
  expect(await world.query("SELECT FROM batches WHERE state = 'leased'")).toEqual([]);
  expect(
    await world.query('SELECT FROM messages WHERE in_doubt_since IS NOT NULL AND mailing_id = $1', [
      mailingId,
    ]),
  ).toEqual([]);
  expect(await world.query('SELECT FROM dispatchers WHERE pid = $1', [dispatcher?.pid])).toEqual([]);
  if (dispatcher) await world.startDispatcher(dispatcher);
  await expectEverythingSent(mailingId, 0);
}, 120_000);
