import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runMigrations, Sql } from '#libs/database';
import { freePort, startPostgres } from '#libs/embedded';
import { AppProcess } from '../support/app-process.js';
import { RestClient } from '../support/rest-client.js';
import { createTestDatabase, natsAccount } from '../support/services.js';
import { until } from '../support/until.js';

vi.setConfig({ testTimeout: 120_000 });

let settings: { DATABASE_URL: string; NATS_URL: string; PORT: string };
let rest: RestClient;
const running: AppProcess[] = [];

beforeAll(async () => {
  const [database, nats, port] = [await createTestDatabase(), await natsAccount(), await freePort()];
  settings = { DATABASE_URL: database.url, NATS_URL: nats.url, PORT: String(port) };
  rest = new RestClient(`http://127.0.0.1:${port}`);
  return () => database.drop();
});
afterEach(async () => {
  for (const api of running.splice(0)) await api.kill();
});

function start(given: Record<string, string> = {}): AppProcess {
  const api = new AppProcess('api', { ...settings, ...given });
  running.push(api);
  api.start();
  return api;
}

function serving(path = '/v1/statistics', status = 200): Promise<boolean> {
  return until('the API serves', async () => (await rest.get(path)).status === status, 60_000);
}

async function expectRefusedStart(api: AppProcess, sentence: RegExp): Promise<void> {
  await until('it has ended', () => !api.isRunning, 30_000);
  expect(await api.stop()).toBe(1);
  await until(`it says ${sentence}`, () => sentence.test(api.output), 2_000);
  expect(api.output).not.toMatch(/^ {4}at /m);
}

describe('the start is refused with a sentence', () => {
  test('that names a busy port', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void squatter.close());
    await once(squatter, 'listening');
    const { port } = squatter.address() as { port: number };
    await expectRefusedStart(
      start({ PORT: String(port) }),
      new RegExp(`^PORT=${port} is in use on 127.0.0.1: .*$`, 'm'),
    );
  });

  test('that names an address of another machine', async () => {
    await expectRefusedStart(
      start({ HOST: '192.0.2.1', API_KEYS: 'a-key-of-sixteen-characters' }),
      /^HOST=192\.0\.2\.1 is not an address of this machine/m,
    );
  });

  test('when the network would reach it without a key', async () => {
    await expectRefusedStart(start({ HOST: '0.0.0.0' }), /^HOST=0\.0\.0\.0 .* API_KEYS/m);
  });

  test('when the database is not named', async () => {
    await expectRefusedStart(start({ DATABASE_URL: '' }), /^DATABASE_URL is not set\.$/m);
  });
});

test('SIGTERM lets a request finish, takes no other, and ends with 0', async () => {
  const api = start();
  await serving();
  const sql = new Sql({ url: settings.DATABASE_URL, poolSize: 1, applicationName: 'test' });
  onTestFinished(() => sql.close());
  // A dispatcher that never confirms keeps a pause waiting for three seconds.
  await sql.query({
    name: '',
    text: `INSERT INTO dispatchers (id, shard, host, pid, started_at, heartbeat_at)
           VALUES (gen_random_uuid(), 0, 'test', 1, now(), now() + interval '1 minute')`,
  });
  const { body: mailing } = await rest.post('/v1/mailings', {
    text: 'Hello',
    startAt: '2998-01-01T00:00:00Z',
    endAt: '2999-01-01T00:00:00Z',
  });

  const pausing = rest.post(`/v1/mailings/${mailing.id}/pause`);
  await until('the pause is committed', async () => {
    const [row] = await sql.query<{ status: string }>({ name: '', text: 'SELECT status FROM mailings' });
    return row?.status === 'paused';
  });
  const stopping = api.stop();
  await until('nothing more is let in', () =>
    rest.get('/health/live').then(
      () => false,
      () => true,
    ),
  );

  expect((await pausing).body).toMatchObject({
    status: 'paused',
    unconfirmedDispatchers: [expect.any(String)],
  });
  const answeredAt = performance.now();
  expect(await stopping).toBe(0);
  expect(performance.now() - answeredAt, 'no connection is waited for').toBeLessThan(5_000);
});

test('ends when the launcher that forked it is gone', async () => {
  const child = fork('dist/apps/api/main.js', {
    env: { PATH: process.env.PATH, LOG_LEVEL: 'error', ...settings },
    // Not the test runner's own, which lead to the TypeScript files.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await serving();

  const ended = once(child, 'exit');
  child.disconnect();

  expect(await ended).toEqual([0, null]);
});

test('serves while NATS is not there, pausing included', async () => {
  start({ NATS_URL: `nats://127.0.0.1:${await freePort()}` });
  await serving();
  const { body: mailing } = await rest.post('/v1/mailings', {
    text: 'Hello',
    startAt: '2998-01-01T00:00:00Z',
    endAt: '2999-01-01T00:00:00Z',
  });
  for (const verb of ['pause', 'resume', 'cancel']) {
    expect((await rest.post(`/v1/mailings/${mailing.id}/${verb}`)).status).toBe(200);
  }
});

test('starts before Postgres, and outlives its kill -9', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ems-rest-'));
  // Postgres may run as a user of its own, which has to get in.
  await chmod(folder, 0o711);
  const dataDir = join(folder, 'postgres');
  let postgres = await startPostgres({ dataDir, fast: true });
  onTestFinished(async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await runMigrations(postgres.url);
  const { port } = postgres;
  await postgres.stop();

  start({ DATABASE_URL: postgres.url });
  await serving('/v1/clients/1', 503);
  postgres = await startPostgres({ dataDir, port, fast: true });
  await serving();
  const client = { phone: '+79001234567', timezone: 'UTC' };
  const { status, body } = await rest.post('/v1/clients', client);
  expect(status).toBe(201);

  // Both pools have connections that the kill cuts.
  await Promise.all(Array.from({ length: 8 }, () => rest.get(`/v1/clients/${body.id}`)));
  await postgres.kill();
  const during = await Promise.all(
    ['/v1/clients/1', '/v1/statistics', '/v1/clients'].map((path) => rest.get(path)),
  );
  expect(during.map((answer) => answer.status)).toEqual([503, 503, 503]);

  postgres = await startPostgres({ dataDir, port, fast: true });
  await serving(`/v1/clients/${body.id}`);
  const after = await Promise.all(Array.from({ length: 12 }, () => rest.get(`/v1/clients/${body.id}`)));
  expect(new Set(after.map((answer) => answer.status))).toEqual(new Set([200]));
});
