import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { JointTransactions, Sql } from '#libs/database';
import { MailingsService } from '#libs/mailings';
import { requestReply } from '../../../apps/api/nats/request-reply.js';
import { aClient, aMailing, TestApi } from '../../support/api.js';
import { NatsClient } from '../../support/nats-client.js';
import { createTestDatabase } from '../../support/services.js';
import { until } from '../../support/until.js';

/** A database that never follows the first, so that each answer shows where it was read. */
let copy: Awaited<ReturnType<typeof createTestDatabase>>;
let copySql: Sql;
let api: TestApi;
let nats: NatsClient;

beforeAll(async () => {
  copy = await createTestDatabase();
  copySql = new Sql({ url: copy.url, poolSize: 2, applicationName: 'test' });
  api = await TestApi.start({ DATABASE_READ_URL: copy.url });
  api.app.connectMicroservice(requestReply(api.app));
  await api.app.startAllMicroservices();
  nats = await NatsClient.connect(api.natsUrl);
  await until(
    'requests are answered',
    async () => (await nats.request('ems.statistics.get')).body.total === 0,
  );
});
afterAll(async () => {
  await nats.close();
  await api.end();
  await copySql.close();
  await copy.drop();
});

const inCopy = (text: string) => copySql.query({ name: '', text });
const wipe = 'TRUNCATE clients, mailings, batches, messages, attempts, mailing_counters RESTART IDENTITY';

beforeEach(async () => {
  await Promise.all([api.query(wipe), inCopy(wipe)]);
  await inCopy(fill('copy', 5));
});

/** Client, mailing and message 1, counted `count` times as unknown. */
const fill = (text: string, count: number) => `
  WITH client AS (INSERT INTO clients (phone, timezone, tags) VALUES (79000000001, 'UTC', '{${text}}')),
  mailing AS (
    INSERT INTO mailings (text, start_at, end_at, status, started_at)
    VALUES ('${text}', now() - interval '1 hour', now() + interval '1 hour', 'running', now())
  ),
  message AS (
    INSERT INTO messages (mailing_id, client_id, batch_id, phone, status) VALUES (1, 1, 1, 79000000001, 'unknown')
  )
  INSERT INTO mailing_counters (mailing_id, shard, unknown) VALUES (0, 0, ${count}), (1, 0, ${count})`;

/** What each list and each statistic of the API shows of the copy, or of the first database. */
async function shown(): Promise<unknown> {
  const [clients, mailings, messages, ofClient, all, one] = await Promise.all(
    [
      '/v1/clients',
      '/v1/mailings',
      '/v1/mailings/1/messages?status=unknown',
      '/v1/clients/1/messages',
      '/v1/statistics',
      '/v1/mailings/1/statistics',
    ].map(async (path) => (await api.get(path)).body),
  );
  return {
    clients: clients.items.map(({ tags }: { tags: string[] }) => tags.join()),
    running: (await api.get('/v1/mailings?status=running')).body.items.length,
    mailings: mailings.items.map(({ text }: { text: string }) => text),
    messages: messages.items.length,
    allMessages: (await api.get('/v1/mailings/1/messages')).body.items.length,
    ofClient: ofClient.items.length,
    statistics: [all.byStatus.unknown, all.mailings.items.length, one.byStatus.unknown],
  };
}

const ofTheCopy = {
  clients: ['copy'],
  running: 1,
  mailings: ['copy'],
  messages: 1,
  allMessages: 1,
  ofClient: 1,
  statistics: [5, 1, 5],
};

test('lists and statistics are read from DATABASE_READ_URL, and nothing else is', async () => {
  expect(await shown()).toEqual(ofTheCopy);
  for (const path of ['/v1/clients/1', '/v1/mailings/1', '/v1/messages/1']) {
    expect([path, (await api.get(path)).status]).toEqual([path, 404]);
  }
  // Its own provider's breaker is what somebody looks at to decide: the list is no longer than the single ones.
  await inCopy(`UPDATE providers SET name = 'of the copy'`);
  expect((await api.get('/v1/providers')).body.items).toMatchObject([{ name: 'default' }]);
});

test('over NATS it is the same', async () => {
  const [clients, mailings, messages, all, one] = await Promise.all([
    nats.request('ems.clients.list'),
    nats.request('ems.mailings.list'),
    nats.request('ems.messages.list', { mailingId: 1 }),
    nats.request('ems.statistics.get'),
    nats.request('ems.statistics.mailing', { id: 1 }),
  ]);
  expect([clients, mailings, messages].map(({ body }) => body.items.length)).toEqual([1, 1, 1]);
  expect([all.body.total, one.body.total]).toEqual([5, 5]);
  expect(await nats.request('ems.mailings.get', { id: 1 })).toMatchObject({ errorCode: '404' });
});

test('what is written goes to DATABASE_URL, and the other database stays as it was', async () => {
  const { body: client } = await api.post('/v1/clients', aClient({ tags: ['new'] }));
  const mailing = aMailing({ text: 'new' });
  const keyed = { headers: { 'idempotency-key': 'once' } };
  const first = await api.post('/v1/mailings', mailing, keyed);
  expect(await api.post('/v1/mailings', mailing, keyed)).toMatchObject({ status: 201, body: first.body });
  await api.patch(`/v1/clients/${client.id}`, { tags: ['changed'] });
  await api.post(`/v1/mailings/${first.body.id}/cancel`);

  expect((await api.get(`/v1/clients/${client.id}`)).body.tags).toEqual(['changed']);
  expect((await api.get(`/v1/mailings/${first.body.id}`)).body).toMatchObject({ status: 'cancelled' });
  expect(await shown()).toEqual(ofTheCopy);
});

test('what the other database does not have yet is not told to be missing', async () => {
  await inCopy(wipe);
  const { body: client } = await api.post('/v1/clients', aClient());
  const { body: mailing } = await api.post('/v1/mailings', aMailing());
  await api.query('INSERT INTO mailing_counters (mailing_id, shard, pending) VALUES ($1, 0, 3)', [
    mailing.id,
  ]);

  const empty = { status: 200, body: { items: [], nextCursor: null } };
  expect(await api.get(`/v1/mailings/${mailing.id}/messages`)).toMatchObject(empty);
  expect(await api.get(`/v1/clients/${client.id}/messages`)).toMatchObject(empty);
  expect(await api.get(`/v1/mailings/${mailing.id}/statistics`)).toMatchObject({ body: { total: 3 } });

  for (const path of ['/v1/mailings/99/messages', '/v1/clients/99/messages', '/v1/mailings/99/statistics']) {
    expect([path, (await api.get(path)).status]).toEqual([path, 404]);
  }
});

test('all of a mailing is resolved, whatever the other database has of it', async () => {
  await inCopy(wipe);
  await api.query(fill('first', 1));
  const { body } = await api.post('/v1/mailings/1/resolve', { as: 'sent' });
  expect(body).toMatchObject({ resolved: 1, nextCursor: null });
});

test('a list that is read inside of a transaction is read in that', async () => {
  const mailings = api.app.get(MailingsService, { strict: false });
  const listed = await api.app.get(JointTransactions).run({ lockTimeoutMs: 1_000 }, async () => {
    await api.app.get(Sql).query({ name: '', text: fill('own', 1) });
    return mailings.list({ limit: 10 });
  });
  expect(listed.items).toMatchObject([{ text: 'own' }]);
});

test('health looks at it, and is ready without it', async () => {
  expect((await api.get('/health')).body.details).toMatchObject({
    postgres: { status: 'up' },
    readReplica: { status: 'up', behindBytes: null, behindSeconds: null },
  });
});

test('without DATABASE_READ_URL there is one pool, and health has no such part', async () => {
  const plain = await TestApi.start();
  try {
    await plain.query(fill('first', 1));
    expect((await plain.get('/v1/clients')).body.items).toMatchObject([{ tags: ['first'] }]);
    expect((await plain.get('/v1/statistics')).body).toMatchObject({ total: 1 });
    expect((await plain.get('/health')).body.details).not.toHaveProperty('readReplica');
  } finally {
    await plain.end();
  }
});
