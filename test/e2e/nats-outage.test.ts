import { afterAll, beforeAll, expect, test } from 'vitest';
import { NatsClient } from '../support/nats-client.js';
import { until } from '../support/until.js';
import { World, type OwnServer } from '../support/world.js';

let world: World;
let nats: OwnServer;

beforeAll(async () => {
  world = await World.start({ ownServers: true, dispatchers: 0 });
  if (!world.servers) throw new Error('This world has servers of its own');
  nats = world.servers.nats;
});
afterAll(() => world.end());

const natsPart = async () => (await world.rest.get('/health')).body.details.nats.status;

async function statisticsOverNats(): Promise<number> {
  const client = await NatsClient.connect(world.natsUrl);
  try {
    return await until('NATS requests are answered', async () => {
      const { body } = await client.request('ems.statistics.get');
      return typeof body.total === 'number' && 1;
    });
  } finally {
    await client.close();
  }
}

test('without NATS the API answers, is ready, and says what is missing', async () => {
  await nats.kill();
  await until('health has seen it', async () => (await natsPart()) === 'degraded');
  expect((await world.rest.get('/v1/statistics')).status).toBe(200);
  expect((await world.rest.get('/health/ready')).body).toMatchObject({ status: 'ok' });
  const { status, body } = await world.rest.get('/health');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: 'degraded',
    details: {
      postgres: { status: 'up' },
      nats: { status: 'degraded', message: expect.stringContaining('not reachable') },
      workStream: { status: 'degraded', stream: 'unknown' },
      dispatchers: { status: 'degraded', count: 0 },
    },
  });
});

test('a start without NATS waits for nothing, and its requests are answered once it comes', async () => {
  expect(await world.api.stop()).toBe(0);
  await world.startApi();
  expect((await world.rest.get('/health/ready')).status).toBe(200);

  await nats.start();
  expect(await statisticsOverNats()).toBe(1);
  await until('health has seen it', async () => (await natsPart()) === 'up');
});

test('after kill -9 of NATS and its return, requests are answered again', async () => {
  expect(await statisticsOverNats()).toBe(1);
  await nats.kill();
  await nats.start();
  expect(await statisticsOverNats()).toBe(1);
});

test('without Postgres the API is alive and not ready, and its requests are answered with a 503', async () => {
  const postgres = world.servers?.postgres;
  const client = await NatsClient.connect(world.natsUrl);
  await postgres?.kill();
  expect((await world.rest.get('/health/live')).status).toBe(200);
  const ready = await world.rest.get('/health/ready');
  expect(ready.status).toBe(503);
  expect(ready.body).toMatchObject({ status: 'error', error: { postgres: { status: 'down' } } });
  expect(await client.request('ems.statistics.get')).toMatchObject({
    errorCode: '503',
    body: { status: 503, retryAfterSeconds: 1 },
  });

  await postgres?.start();
  await until('the API is ready again', async () => (await world.rest.get('/health/ready')).status === 200);
  await client.close();
});

test('SIGTERM ends the API by itself, soon', async () => {
  const before = performance.now();
  expect(await world.api.stop()).toBe(0);
  expect(performance.now() - before).toBeLessThan(5_000);
});
