import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadApiConfig, loadDispatcherConfig } from '#libs/config';
import { ApiModule } from '../../../apps/api/api.module.js';
import { createHttpApplication } from '../../../apps/api/http/http-application.js';
import { DispatcherModule } from '../../../apps/dispatcher/dispatcher.module.js';
import { curlCommands } from '../../support/curl-command.js';
import { codeSpans, documents, textOf } from '../../support/documents.js';
import { createTestDatabase, natsAccount } from '../../support/services.js';

/** The pages that speak of the service's own HTTP; the simulator's page is tested with the simulator. */
const pages = documents
  .filter((path) => path !== 'docs/simulator.md')
  .map((path) => ({ path, routes: routesIn(textOf(path)) }))
  .filter(({ routes }) => routes.length > 0);

const forBoth = ['/health/live', '/health/ready', '/health', '/metrics'];

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let api: NestFastifyApplication;
let dispatcher: NestFastifyApplication;

beforeAll(async () => {
  database = await createTestDatabase();
  const { url: natsUrl } = await natsAccount();
  const env = {
    DATABASE_URL: database.url,
    NATS_URL: natsUrl,
    LOG_LEVEL: 'silent',
    PROVIDER_URL: 'http://127.0.0.1:1',
    PROVIDER_TOKEN: 'token',
  };
  const apiConfig = loadApiConfig(env);
  api = await ready(await createHttpApplication(ApiModule.forRoot(apiConfig), apiConfig));
  dispatcher = await ready(await create(DispatcherModule.forRoot(loadDispatcherConfig(env))));
});

afterAll(async () => {
  await api?.close();
  await dispatcher?.close();
  await database?.drop();
});

function create(module: DynamicModule): Promise<NestFastifyApplication> {
  return NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), { logger: false });
}

async function ready(app: NestFastifyApplication): Promise<NestFastifyApplication> {
  app.useLogger(false);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}

/** `GET /v1/mailings/{id}` or `/health` in the text, and calls of curl to the API's port. */
function routesIn(page: string): { method: string; url: string }[] {
  const spans = codeSpans(page).flatMap((span) => {
    const [, method = 'GET', path] =
      /^(?:(GET|POST|PATCH|DELETE) )?(\/(?:v1|health|metrics|docs)(?:[/-][^\s?]*)?)(?:\?\S*)?$/.exec(span) ??
      [];
    return path === undefined ? [] : [{ method, path }];
  });
  const calls = curlCommands(page).filter(({ port }) => port === 3000);
  return [...spans, ...calls]
    .map(({ method, path }) => ({ method, url: path.replaceAll(/\/(?:\{id\}|\d+)/g, '/:id') }))
    .filter(({ url }) => !isTheProviders(url));
}

/** What a provider serves, and we call. */
function isTheProviders(url: string): boolean {
  return url.startsWith('/v1/send/');
}

function serves(app: NestFastifyApplication, method: string, url: string): boolean {
  const server: FastifyInstance = app.getHttpAdapter().getInstance();
  return server.hasRoute({ method, url });
}

describe('what the documents say of HTTP', () => {
  it('is something', () => {
    expect(pages.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'README.md',
        'ARCHITECTURE.md',
        'docs/operations/is-it-healthy.md',
        'docs/operations/messages-in-doubt.md',
        'docs/operations/metrics-and-alarms.md',
        'docs/operations/pausing-and-cancelling.md',
        'docs/operations/rate-limits.md',
        'docs/operations/the-provider-is-down.md',
      ]),
    );
  });

  it.for(pages)('holds for each route in $path', ({ routes }) => {
    expect(routes.filter(({ method, url }) => !serves(api, method, url))).toEqual([]);
  });

  it.for(forBoth)('holds for %s on the API and on a dispatcher', (url) => {
    expect([serves(api, 'GET', url), serves(dispatcher, 'GET', url)]).toEqual([true, true]);
  });

  it('has the health checks of containers among what is served', () => {
    const probed = [textOf('Dockerfile'), textOf('docker-compose.yml')].flatMap((text) =>
      [...text.matchAll(/fetch\('[^"]*?(\/health\/\w+)'/g)].map(([, path]) => path),
    );
    expect(probed.length).toBe(3);
    expect(probed.filter((path) => !forBoth.includes(String(path)))).toEqual([]);
  });
});
