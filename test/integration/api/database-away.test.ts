import { afterEach, beforeEach, expect, test } from 'vitest';
import { Sql } from '#libs/database';
import { AnsweringDispatcher } from '../../support/answering-dispatcher.js';
import { aClient, TestApi } from '../../support/api.js';
import { until } from '../../support/until.js';

let api: TestApi;
let admin: Sql;

beforeEach(async () => {
  api = await TestApi.start();
  admin = new Sql({ url: new URL('/postgres', api.databaseUrl).href, poolSize: 1, applicationName: 'admin' });
});
afterEach(async () => {
  await letIn(true);
  await admin.close();
  await api.end();
});

/** Shuts everyone out of the database, with connections cut as at a crash, or lets them in again. */
async function letIn(allowed: boolean): Promise<void> {
  const name = new URL(api.databaseUrl).pathname.slice(1);
  await admin.query({ name: '', text: `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS ${allowed}` });
  if (allowed) return;
  await admin.query(
    { name: '', text: 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1' },
    [name],
  );
}

const reads = [
  '/v1/clients/1',
  '/v1/clients',
  '/v1/mailings/1',
  '/v1/mailings',
  '/v1/messages/1',
  '/v1/statistics',
];

async function expectUnavailable(): Promise<void> {
  for (const path of reads) {
    const { status, headers, body } = await api.get(path);
    expect([status, headers['retry-after'], body.type]).toEqual([
      503,
      '1',
      'urn:event-message-service:problem:unavailable',
    ]);
    expect(JSON.stringify(body)).not.toMatch(/terminat|accepting|pg_|postgres/i);
  }
  expect((await api.post('/v1/clients', aClient())).status).toBe(503);
}

test('a database that is lost while serving costs 503s until it is back, and nothing else', async () => {
  const { body: client } = await api.post('/v1/clients', aClient());

  await letIn(false);
  await expectUnavailable();
  await letIn(true);

  await until('it serves again', async () => (await api.get(`/v1/clients/${client.id}`)).status === 200);
  expect((await api.post('/v1/clients', aClient())).status).toBe(201);
  expect((await api.get('/v1/statistics')).status).toBe(200);
});

test('a database that is not there at the start is waited for by answering 503', async () => {
  // Nothing has been asked of it so far, so neither pool has ever been connected.
  await letIn(false);
  await expectUnavailable();
  await letIn(true);

  expect((await api.post('/v1/clients', aClient())).status).toBe(201);
  for (const path of reads) expect((await api.get(path)).status).not.toBe(503);
});

test('a pause that was committed is answered though the database is lost right after', async () => {
  // It hears of the pause and answers for the change before, which confirms nothing.
  const dispatcher = await AnsweringDispatcher.confirming(api, 0, ({ version }) => ({
    version: version - 1,
  }));
  const { body: mailing } = await api.post('/v1/mailings', {
    text: 'Hello',
    startAt: '2000-01-01T00:00:00Z',
    endAt: '2999-01-01T00:00:00Z',
  });

  const pausing = api.post(`/v1/mailings/${mailing.id}/pause`);
  await until('the dispatcher is waited for', () => dispatcher.heard.length > 0);
  await letIn(false);

  const { status, body } = await pausing;
  expect([status, body.status, body.unconfirmedDispatchers]).toEqual([200, 'paused', [dispatcher.id]]);
});
