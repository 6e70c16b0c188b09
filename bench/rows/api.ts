import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon, { type Request } from 'autocannon';
import { freePort } from '#libs/embedded';
import { findingOf, inTurn, ratioAtLeast } from '../finding.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

const CLIENTS = 100_000;
const CONNECTIONS = 20;
const SECONDS = 5;
const ROUNDS = 3;

const day = 86_400_000;
let phone = 79_500_000_000;

const calls: Record<string, () => Request> = {
  'POST /v1/clients': () => ({
    method: 'POST',
    path: '/v1/clients',
    headers: { 'content-type': 'application/json' },
    setupRequest: (request) => ({
      ...request,
      body: JSON.stringify({ phone: String((phone += 1)), tags: ['new'], timezone: 'Europe/Moscow' }),
    }),
  }),
  'GET /v1/clients/{id}': () => ({
    method: 'GET',
    setupRequest: (request) => ({
      ...request,
      path: `/v1/clients/${1 + Math.floor(Math.random() * CLIENTS)}`,
    }),
  }),
  'GET /v1/clients': () => ({ method: 'GET', path: '/v1/clients' }),
  // They begin in a year, so that nothing is sent meanwhile.
  'POST /v1/mailings': () => ({
    method: 'POST',
    path: '/v1/mailings',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      text: 'Your order is on its way.',
      startAt: new Date(Date.now() + 365 * day).toISOString(),
      endAt: new Date(Date.now() + 366 * day).toISOString(),
    }),
  }),
};

/** Requests a second that were answered with 2xx; throws when any was not. */
async function rateOf(url: string, request: Request): Promise<number> {
  const { requests, non2xx, errors } = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: SECONDS,
    requests: [request],
  });
  if (non2xx + errors > 0) throw new Error(`${non2xx} answers were not 2xx, and ${errors} failed`);
  return requests.average;
}

async function startBareApi(databaseUrl: string): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort();
  const child = fork(fileURLToPath(new URL('../reference/bare-api.js', import.meta.url)), {
    env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl, PORT: String(port) },
  });
  await once(child, 'message');
  return { child, url: `http://127.0.0.1:${port}` };
}

export const api: Row = {
  name: 'api',
  async measure() {
    const world = await BenchWorld.start();
    const bare = await startBareApi(world.databaseUrl);
    try {
      await world.clients(CLIENTS, 'old');
      const findings = [];
      for (const [call, request] of Object.entries(calls)) {
        const rounds = await inTurn(
          ROUNDS,
          () => rateOf(world.apiUrl, request()),
          () => rateOf(bare.url, request()),
        );
        findings.push(
          findingOf(this.name, `${call}, answers/s, to Fastify + pg alone`, rounds, ratioAtLeast(0.5)),
        );
      }
      return findings;
    } finally {
      bare.child.disconnect();
      await world.end();
    }
  },
};
