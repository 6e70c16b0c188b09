import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, NatsContext, Payload } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import {
  NatsController,
  NatsLink,
  natsMicroservice,
  NatsModule,
  type NatsTransportOptions,
} from '#libs/nats';
import { Problem } from '#libs/problems';
import { natsAccount } from '../../support/services.js';
import { ownNats } from './own-nats.js';

interface Heard {
  subject: string;
  data: unknown;
}

const heard: Heard[] = [];

@NatsController()
class Things {
  @MessagePattern('ems.things.echo')
  echo(@Payload() data: object): object {
    return { echo: data };
  }

  @MessagePattern('ems.things.nothing')
  nothing(): Promise<void> {
    return Promise.resolve();
  }

  @MessagePattern('ems.things.slow')
  async slow(@Payload() { milliseconds }: { milliseconds: number }): Promise<object> {
    await sleep(milliseconds);
    return { slept: milliseconds };
  }

  @MessagePattern('ems.things.taken')
  taken(): never {
    throw Problem.conflict('It is taken.');
  }

  @MessagePattern('ems.things.broken')
  async broken(): Promise<never> {
    throw new Error('password of the database: 123');
  }

  @MessagePattern('ems.things.large')
  large(): object {
    return { text: 'x'.repeat(2_000_000) };
  }

  @MessagePattern('ems.control.thing')
  control(@Payload() data: unknown, @Ctx() context: NatsContext): object {
    heard.push({ subject: context.getSubject(), data });
    return { confirmed: true };
  }

  @EventPattern('ems.control.hint')
  hint(@Payload() data: unknown): void {
    heard.push({ subject: 'ems.control.hint', data });
  }
}

const shared: NatsTransportOptions = { queue: 'things', namespaces: ['ems.things.>'] };

beforeEach(() => {
  heard.length = 0;
});

async function startApp(
  url: string,
  options: NatsTransportOptions = shared,
): Promise<{ app: INestApplication; httpUrl: string }> {
  @Module({
    imports: [NatsModule.forRoot({ servers: [url], name: 'test' })],
    controllers: [Things],
  })
  class TestModule {}

  const app = await NestFactory.create(TestModule, new FastifyAdapter(), { logger: false });
  app.connectMicroservice(natsMicroservice(app.get(NatsLink), options));
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  return { app, httpUrl: await app.getUrl() };
}

async function caller(url: string): Promise<NatsConnection> {
  const { host, username, password } = new URL(url);
  const connection = await connect({
    servers: host,
    ...(username ? { user: username, pass: password } : {}),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  onTestFinished(() => connection.close());
  return connection;
}

/** The app subscribes when its link is up, a moment after the start. */
function request(connection: NatsConnection, subject: string, body = ''): Promise<Msg> {
  return vi.waitFor(() => connection.request(subject, body, { timeout: 2_000 }), { timeout: 15_000 });
}

test('plain JSON goes in and comes out, without an envelope', async () => {
  const { url } = await natsAccount();
  await startApp(url);
  const connection = await caller(url);
  const answer = await request(connection, 'ems.things.echo', '{"id":7,"pattern":"x","data":1}');
  expect(answer.string()).toBe('{"echo":{"id":7,"pattern":"x","data":1}}');
  expect(answer.headers).toBeUndefined();
});

test('an empty payload is an empty object, and a handler that returns nothing answers one', async () => {
  const { url } = await natsAccount();
  await startApp(url);
  const connection = await caller(url);
  expect((await request(connection, 'ems.things.echo')).json()).toEqual({ echo: {} });
  expect((await request(connection, 'ems.things.nothing')).string()).toBe('{}');
});

test.each([
  ['broken JSON', '{"id":'],
  ['an array', '[1]'],
  ['a bare word', 'null'],
  ['a number', '7'],
])('%s is answered with a 400', async (_what, payload) => {
  const { url } = await natsAccount();
  await startApp(url);
  const answer = await request(await caller(url), 'ems.things.echo', payload);
  expect(answer.json()).toMatchObject({ status: 400 });
  expect(answer.headers?.get('Nats-Service-Error-Code')).toBe('400');
});

test('bytes that are no UTF-8 are answered with a 400', async () => {
  const { url } = await natsAccount();
  await startApp(url);
  const connection = await caller(url);
  await request(connection, 'ems.things.echo');
  const answer = await connection.request('ems.things.echo', Uint8Array.of(0x22, 0xc3, 0x28, 0x22));
  expect(answer.json()).toMatchObject({ status: 400 });
});

test('errors arrive as the problem document, in body and headers', async () => {
  const { url } = await natsAccount();
  await startApp(url);
  const connection = await caller(url);
  const taken = await request(connection, 'ems.things.taken');
  expect(taken.json()).toEqual({
    type: 'urn:event-message-service:problem:conflict',
    title: 'Not possible in the current state',
    status: 409,
    detail: 'It is taken.',
    instance: 'ems.things.taken',
    requestId: expect.stringMatching(/^[\w-]{36}$/),
  });
  expect(taken.headers?.get('Nats-Service-Error-Code')).toBe('409');
  expect(taken.headers?.get('Nats-Service-Error')).toBe('Not possible in the current state');

  const broken = await request(connection, 'ems.things.broken');
  expect(broken.json()).toMatchObject({ status: 500, detail: 'The request could not be served.' });
  expect(broken.string()).not.toContain('password');
});

test('a subject that nobody handles is a 404 under a namespace of ours', async () => {
  const { url } = await natsAccount();
  await startApp(url);
  const connection = await caller(url);
  for (const subject of ['ems.things.unknown', 'ems.things.echo.more']) {
    const answer = await request(connection, subject);
    expect(answer.json()).toMatchObject({
      status: 404,
      detail: `There is no operation with the subject ${subject}.`,
    });
  }
});

test('a reply larger than NATS carries is an error that says so', async () => {
  const { url } = await natsAccount();
  await startApp(url);
  const answer = await request(await caller(url), 'ems.things.large');
  expect(answer.json()).toMatchObject({ status: 413, detail: expect.stringContaining('fewer items') });
});

test('a payload larger than a body over HTTP may be is refused, though NATS carries it', async () => {
  const nats = await ownNats('max_payload: 4MB');
  await nats.start();
  await startApp(nats.url);
  const connection = await caller(nats.url);
  await request(connection, 'ems.things.echo');
  const answer = await request(
    connection,
    'ems.things.echo',
    JSON.stringify({ text: 'x'.repeat(1_100_000) }),
  );
  expect(answer.json()).toMatchObject({ status: 413, detail: 'A payload may have at most 1 MiB.' });
});

test('more requests than can be worked on wait, and are refused when their turn does not come', async () => {
  const { url } = await natsAccount();
  await startApp(url);
  const connection = await caller(url);
  await request(connection, 'ems.things.echo');
  const ask = () => connection.request('ems.things.slow', '{"milliseconds":4000}', { timeout: 20_000 });
  const answers = await Promise.all(Array.from({ length: 1_620 }, ask));

  const refused = answers.filter((answer) => answer.headers?.get('Nats-Service-Error-Code') === '503');
  expect(refused).toHaveLength(1_120);
  expect(refused[0]?.json()).toMatchObject({ status: 503, retryAfterSeconds: 1 });
  expect((await request(connection, 'ems.things.echo')).json()).toEqual({ echo: {} });
});

test('two processes share the requests of a queue group; each is answered once', async () => {
  const { url } = await natsAccount();
  await startApp(url);
  await startApp(url);
  const connection = await caller(url);
  await request(connection, 'ems.things.echo');
  const answers = await connection.requestMany('ems.things.unknown', '', { strategy: 'timer', maxWait: 300 });
  const received: Msg[] = [];
  for await (const answer of answers) received.push(answer);
  expect(received).toHaveLength(1);
});

test('without a queue group each process hears a broadcast, and answers only a question', async () => {
  const { url } = await natsAccount();
  await startApp(url, {});
  await startApp(url, {});
  const connection = await caller(url);
  await expect
    .poll(async () => {
      const answers = await connection.requestMany('ems.control.thing', '{"version":1}', {
        strategy: 'timer',
        maxWait: 300,
      });
      const received: unknown[] = [];
      for await (const answer of answers) received.push(answer.json());
      return received;
    })
    .toEqual([{ confirmed: true }, { confirmed: true }]);

  heard.length = 0;
  connection.publish('ems.control.thing', '{"version":2}');
  connection.publish('ems.control.hint', '{"version":3}');
  await expect.poll(() => heard).toHaveLength(4);
  expect(heard).toContainEqual({ subject: 'ems.control.thing', data: { version: 2 } });
  expect(heard).toContainEqual({ subject: 'ems.control.hint', data: { version: 3 } });
});

test('each request is wrapped, with its id and what it came to', async () => {
  const { url } = await natsAccount();
  const seen: unknown[] = [];
  await startApp(url, {
    ...shared,
    around: async (request, answer) => {
      const { status } = await answer();
      seen.push([request.subject, request.requestId, status]);
      return { status };
    },
  });
  const connection = await caller(url);
  await request(connection, 'ems.things.nothing');
  seen.length = 0;
  const withId = headers();
  withId.set('X-Request-Id', 'order-17');
  await connection.request('ems.things.echo', '{}', { timeout: 2_000, headers: withId });
  const inLowerCase = headers();
  inLowerCase.set('x-request-id', 'order-17');
  await connection.request('ems.things.echo', 'broken', { timeout: 2_000, headers: inLowerCase });
  expect(seen).toEqual([
    ['ems.things.echo', 'order-17', 200],
    ['ems.things.echo', 'order-17', 400],
  ]);
});

test('the start waits for no NATS; requests are answered once it comes, and after kill -9 too', async () => {
  const nats = await ownNats();
  const { httpUrl } = await startApp(nats.url);
  expect((await fetch(httpUrl)).status).toBe(404);

  await nats.start();
  const connection = await caller(nats.url);
  expect((await request(connection, 'ems.things.echo')).json()).toEqual({ echo: {} });

  await nats.kill();
  expect((await fetch(httpUrl)).status).toBe(404);
  await nats.start();
  expect((await request(connection, 'ems.things.echo')).json()).toEqual({ echo: {} });
});

test('closing answers what it has begun, and does not wait longer than that', async () => {
  const { url } = await natsAccount();
  const { app } = await startApp(url);
  const connection = await caller(url);
  await request(connection, 'ems.things.echo');

  const answering = connection.request('ems.things.slow', '{"milliseconds":400}', { timeout: 5_000 });
  await connection.flush();
  const before = performance.now();
  await app.close();
  expect((await answering).json()).toEqual({ slept: 400 });
  expect(performance.now() - before).toBeLessThan(2_000);
  await expect(connection.request('ems.things.echo')).rejects.toThrow(/no responders/i);
});
