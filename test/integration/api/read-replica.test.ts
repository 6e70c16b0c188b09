import { afterAll, beforeAll, expect, test } from 'vitest';
import { Sql } from '#libs/database';
import { aClient, aMailing, TestApi } from '../../support/api.js';
import { ReplicatedPostgres } from '../../support/replicated-postgres.js';
import { until } from '../../support/until.js';

let postgres: ReplicatedPostgres;
let replica: Sql;
let api: TestApi;

beforeAll(async () => {
  postgres = await ReplicatedPostgres.start();
  const { url } = postgres.replica;
  replica = new Sql({ url, poolSize: 1, applicationName: 'test' });
  api = await TestApi.start({ DATABASE_URL: postgres.primary.url, DATABASE_READ_URL: url });
});
afterAll(async () => {
  await api.end();
  await replica.close();
  await postgres.end();
});

const lists = [
  '/v1/clients?tag=rare',
  '/v1/clients',
  '/v1/mailings',
  '/v1/mailings?status=scheduled',
  '/v1/mailings/1/messages',
  '/v1/mailings/1/messages?status=unknown',
  '/v1/clients/1/messages',
  '/v1/statistics',
  '/v1/mailings/1/statistics',
];

const inReplica = (text: string) => replica.query({ name: '', text });
const health = async () => (await api.get('/health')).body;
const clientsListed = async () => (await api.get('/v1/clients')).body.items.length;

test('a server in recovery serves every list and every statistic', async () => {
  await api.post('/v1/clients', aClient({ tags: ['rare'] }));
  await api.post('/v1/mailings', aMailing());
  await until('the replica has them', async () => {
    const [row] = await replica.query<{ known: boolean }>({
      name: '',
      text: 'SELECT pg_is_in_recovery() AND EXISTS (SELECT FROM mailings) AS known',
    });
    return row?.known;
  });
  for (const path of lists) expect([path, (await api.get(path)).status]).toEqual([path, 200]);
  expect((await health()).details.readReplica).toEqual({
    status: 'up',
    behindBytes: expect.any(Number),
    behindSeconds: expect.any(Number),
  });
});

test('what it has not replayed is missing on lists, and there when asked for by its id', async () => {
  const before = await clientsListed();
  await inReplica('SELECT pg_wal_replay_pause()');
  await until('it stands still', async () => {
    const [row] = await inReplica('SELECT pg_get_wal_replay_pause_state() AS state');
    return (row as { state: string }).state === 'paused';
  });

  const { body: client } = await api.post('/v1/clients', aClient());
  expect(await clientsListed()).toBe(before);
  expect((await api.get(`/v1/clients/${client.id}`)).status).toBe(200);
  expect((await health()).details.readReplica.behindBytes).toBeGreaterThan(0);

  await inReplica('SELECT pg_wal_replay_resume()');
  await until('the list has it', async () => (await clientsListed()) === before + 1);
});

test('a replica that is away costs the lists and statistics only, and health says so', async () => {
  await postgres.replica.kill();
  for (const path of lists) {
    const { status, headers, body } = await api.get(path);
    expect([path, status, headers['retry-after'], headers['content-type'], body.type]).toEqual([
      path,
      503,
      '1',
      expect.stringContaining('application/problem+json'),
      'urn:event-message-service:problem:unavailable',
    ]);
    expect(JSON.stringify(body)).not.toMatch(/ECONN|127\.0\.0\.1|replica/);
  }

  const { status, body: client } = await api.post('/v1/clients', aClient());
  expect(status).toBe(201);
  expect((await api.get(`/v1/clients/${client.id}`)).status).toBe(200);
  expect((await api.get('/v1/mailings/1')).status).toBe(200);
  expect((await api.get('/health/ready')).status).toBe(200);
  expect(await health()).toMatchObject({
    status: 'degraded',
    details: {
      postgres: { status: 'up' },
      readReplica: { status: 'degraded', message: expect.stringContaining('cannot be served') },
    },
  });

  const after = client.id;
  await postgres.restartReplica();
  await until('the lists are served again, with what was written meanwhile', async () => {
    const { status: code, body } = await api.get('/v1/clients');
    return code === 200 && body.items.some(({ id }: { id: number }) => id === after);
  });
});
