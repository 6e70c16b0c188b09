import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { HttpModule, HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';
import { revertMigrations, Sql } from '#libs/database';
import {
  type HealthCheck,
  HealthModule,
  HealthService,
  type MayKnowDetails,
  migrationsCheck,
  postgresCheck,
  reachabilityCheck,
} from '#libs/health';
import { queueChecks } from '#libs/queue/watch';
import { adviceOn } from '#libs/providers/kinds';
import { createTestDatabase } from '../../support/services.js';

/** These tests are of what is found; who is told of it, the last one says. */
const anyone = { headers: {} };

const healthOf = (...checks: HealthCheck[]) => healthFor(() => true, ...checks);

async function healthFor(mayKnowDetails: MayKnowDetails, ...checks: HealthCheck[]): Promise<HealthService> {
  const module = await Test.createTestingModule({
    imports: [HealthModule.forRoot({ inject: [], checks: () => checks, mayKnowDetails })],
  }).compile();
  onTestFinished(() => module.close());
  return module.get(HealthService);
}

async function database(): Promise<{ sql: Sql; url: string }> {
  const created = await createTestDatabase();
  const { url } = created;
  const sql = new Sql({ url, poolSize: 4, applicationName: 'test' });
  onTestFinished(async () => {
    await sql.close();
    await created.drop();
  });
  return { sql, url };
}

const execute = (sql: Sql, text: string) => sql.query({ name: '', text });

/** Takes connections and never says a word. */
async function silentServer(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

test('a migrated database is ready', async () => {
  const { sql } = await database();
  const health = await healthOf(postgresCheck(sql), migrationsCheck(sql));
  expect(await health.ready(anyone)).toMatchObject({
    code: 200,
    body: { status: 'ok', details: { postgres: { status: 'up' }, migrations: { status: 'up' } } },
  });
});

test('a schema that is older than the code is not ready, and the missing steps are named', async () => {
  const { sql, url } = await database();
  await revertMigrations(url, 1);
  const health = await healthOf(migrationsCheck(sql));
  const { code, body } = await health.ready(anyone);
  expect(code).toBe(503);
  expect(body).toMatchObject({
    status: 'error',
    error: { migrations: { status: 'down', missing: [expect.any(String)] } },
  });
});

test('a Postgres that hangs is reported down in two seconds, and asking again piles nothing up', async () => {
  const server = await silentServer();
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const sql = new Sql({
    url: `postgres://x:y@127.0.0.1:${portOf(server)}/z`,
    poolSize: 10,
    applicationName: 'test',
  });
  const health = await healthOf(postgresCheck(sql));
  const before = performance.now();
  const reports = await Promise.all([health.ready(anyone), health.ready(anyone), health.details(anyone)]);
  expect(performance.now() - before).toBeLessThan(3_000);
  for (const report of reports) {
    expect(report).toMatchObject({
      code: 503,
      body: { error: { postgres: { status: 'down', message: 'No answer within 2000 ms.' } } },
    });
  }
  expect(connections).toBe(1);
});

test('what is not essential degrades, and leaves the process ready', async () => {
  const { sql } = await database();
  const broken: HealthCheck = {
    name: 'other',
    essential: false,
    look: () => Promise.reject(new Error('It is away.')),
  };
  const health = await healthOf(postgresCheck(sql), broken);
  expect(await health.ready(anyone)).toMatchObject({ code: 200, body: { status: 'ok' } });
  expect(await health.details(anyone)).toMatchObject({
    code: 200,
    body: {
      status: 'degraded',
      details: { postgres: { status: 'up' }, other: { status: 'degraded', message: 'It is away.' } },
    },
  });
});

test('the queue: what is due, breakers, living dispatchers', async () => {
  const { sql } = await database();
  const health = await healthOf(...queueChecks(sql));
  expect((await health.details(anyone)).body).toMatchObject({
    status: 'degraded',
    details: {
      backlog: { status: 'up', batches: 0, oldestSeconds: 0 },
      providers: { status: 'up', providers: [{ name: 'default', breaker: 'closed' }] },
      dispatchers: { status: 'degraded', count: 0 },
    },
  });

  const id = '11111111-1111-4111-8111-111111111111';
  await execute(
    sql,
    `INSERT INTO dispatchers (id, shard, host, pid, started_at, heartbeat_at)
     VALUES ('${id}', 0, 'here', 42, ems_now(), ems_now() - interval '3 seconds'),
       ('22222222-2222-4222-8222-222222222222', 1, 'gone', 43, ems_now(), ems_now() - interval '1 minute')`,
  );
  await execute(
    sql,
    `UPDATE providers SET breaker = 'open', reason = 'connection refused', retry_at = now() + interval '5 s'`,
  );
  expect((await health.details(anyone)).body).toMatchObject({
    details: {
      providers: { status: 'up', message: expect.stringContaining('no message is due as a probe') },
    },
  });

  await execute(
    sql,
    `INSERT INTO mailings (id, text, start_at, end_at, status, started_at) OVERRIDING SYSTEM VALUE
     VALUES (1, 'Hello', now() - interval '1 hour', now() + interval '1 hour', 'running', now())`,
  );
  await execute(
    sql,
    `INSERT INTO batches (mailing_id, provider_id, size, due_at) VALUES (1, 1, 3, now() - interval '5 seconds')`,
  );
  const { body } = await health.details(anyone);
  expect(body).toMatchObject({
    details: {
      backlog: { status: 'up', batches: 1, messages: 3 },
      providers: {
        status: 'degraded',
        message: 'Sending is stopped: default (connection refused).',
        providers: [{ breaker: 'open', reason: 'connection refused', retryAt: expect.any(Date) }],
      },
      dispatchers: { status: 'up', count: 1, dispatchers: [{ id, host: 'here', pid: 42 }] },
    },
  });
});

test('messages that have been due for long degrade the backlog', async () => {
  const { sql } = await database();
  await execute(
    sql,
    `WITH mailing AS (
       INSERT INTO mailings (text, start_at, end_at, status, started_at)
       VALUES ('x', now() - interval '1 hour', now() + interval '1 hour', 'running', now()) RETURNING id
     )
     INSERT INTO batches (mailing_id, provider_id, size, due_at)
     SELECT id, 1, 300, now() - interval '5 minutes' FROM mailing`,
  );
  const health = await healthOf(...queueChecks(sql));
  expect((await health.details(anyone)).body).toMatchObject({
    details: { backlog: { status: 'degraded', batches: 1, messages: 300 } },
  });
});

test('reachability: any HTTP answer will do, a refused or hanging connection will not', async () => {
  const http = (await Test.createTestingModule({ imports: [HttpModule] }).compile()).get(HttpService);
  const silent = await silentServer();
  const gone = await silentServer();
  const gonePort = portOf(gone);
  gone.close();
  const answering = createServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'));
  }).listen(0, '127.0.0.1');
  await once(answering, 'listening');
  onTestFinished(() => {
    answering.close();
  });
  const of = (port: number) => reachabilityCheck(`port${port}`, http, `http://127.0.0.1:${port}/`);
  const health = await healthOf(of(portOf(answering)), of(gonePort), of(portOf(silent)));
  expect((await health.details(anyone)).body).toMatchObject({
    status: 'degraded',
    details: {
      [`port${portOf(answering)}`]: { status: 'up', httpStatus: 404 },
      [`port${gonePort}`]: {
        status: 'degraded',
        message: `The port${gonePort} is not reachable: ECONNREFUSED.`,
      },
      [`port${portOf(silent)}`]: {
        status: 'degraded',
        message: `The port${portOf(silent)} is not reachable: no answer within 1500 ms.`,
      },
    },
  });
});

test('reachability: an address that is wrong on our side is no trouble of the provider, and says what to mend', async () => {
  const plain = createServer((socket) => {
    socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
  }).listen(0, '127.0.0.1');
  // A fatal alert of TLS 1.2: unexpected message.
  const secure = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(Buffer.from('15030300020a0a', 'hex')));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => [plain, secure].forEach((server) => void server.close()));
  await Promise.all([once(plain, 'listening'), once(secure, 'listening')]);
  const module = await Test.createTestingModule({ imports: [HttpModule] }).compile();
  const found = (url: string) => reachabilityCheck('provider', module.get(HttpService), url, adviceOn).look();

  expect(await found(`https://127.0.0.1:${portOf(plain)}/`)).toMatchObject({
    status: 'degraded',
    class: 'misaddressed',
    message: expect.stringContaining('the provider URL needs http:// or another port'),
  });
  expect(await found(`http://127.0.0.1:${portOf(secure)}/`)).toMatchObject({
    class: 'misaddressed',
    message: expect.stringContaining('the provider URL needs https:// or another port'),
  });
});

test('reachability: an answer that drips without end is given up like silence', async () => {
  const dripping = createServer((socket) => {
    socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\nx: ');
    const drip = setInterval(() => socket.write('.'), 50);
    socket.once('close', () => clearInterval(drip));
  }).listen(0, '127.0.0.1');
  await once(dripping, 'listening');
  onTestFinished(() => void dripping.close());
  const module = await Test.createTestingModule({ imports: [HttpModule] }).compile();
  const check = reachabilityCheck(
    'provider',
    module.get(HttpService),
    `http://127.0.0.1:${portOf(dripping)}/`,
  );
  expect(await check.look()).toEqual({
    status: 'degraded',
    class: 'unreachable',
    message: 'The provider is not reachable: no answer within 1500 ms.',
  });
});

test('who may not know details is told the state and the class of each part, and no other word', async () => {
  const { sql } = await database();
  await execute(
    sql,
    `UPDATE providers SET breaker = 'open', retry_at = now(),
       reason = 'misconfigured: HTTP 403, code 7: +7 (900) 123-45-67 has blocked token abc at 10.1.2.3'`,
  );
  const away: HealthCheck = {
    name: 'away',
    essential: true,
    look: () => Promise.reject(new Error('connect ECONNREFUSED db.internal for 79001234567')),
  };
  const health = await healthFor(({ headers }) => headers.authorization === 'yes', ...queueChecks(sql), away);

  expect((await health.details(anyone)).body).toMatchObject({ status: 'error' });
  expect(Object.entries(Object((await health.details(anyone)).body).details)).toEqual([
    ['backlog', { status: 'up' }],
    ['providers', { status: 'up', class: 'misconfigured' }],
    ['dispatchers', { status: 'degraded', class: 'none' }],
    ['away', { status: 'down', class: 'failed' }],
  ]);
  const inFull = JSON.stringify((await health.details({ headers: { authorization: 'yes' } })).body);
  expect(inFull).toContain('misconfigured: HTTP 403, code 7: [phone] has blocked');
  expect(inFull).toContain('connect ECONNREFUSED db.internal for [phone]');
});
