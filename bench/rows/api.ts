import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '#libs/embedded';
import { apiCalls, CLIENTS } from '../api-calls.js';
import { findingOf, inTurn, ratioAtLeast } from '../finding.js';
import type { LoadReport } from '../load-process.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

const CONNECTIONS = 20;
const SECONDS = 2;
const WARM_UP = 4;
const ROUNDS = 9;

/** Above those of the clients that are there before, and each load begins a million further on. */
let firstPhone = 79_500_000_000;

/** Requests a second that were answered with 2xx; throws when any was not. */
async function rateOf(url: string, call: string, seconds = SECONDS): Promise<number> {
  const load = startProcess('../load-process.js', {
    URL: url,
    CALL: call,
    CONNECTIONS: String(CONNECTIONS),
    SECONDS: String(seconds),
    FIRST_PHONE: String((firstPhone += 1_000_000)),
  });
  const [report]: unknown[] = await Promise.race([once(load, 'message'), failureOf(load)]);
  const { rate, non2xx, errors } = report as LoadReport;
  if (non2xx + errors > 0) throw new Error(`${call}: ${non2xx} answers were not 2xx, and ${errors} failed`);
  return rate;
}

function startProcess(module: string, settings: Record<string, string>): ChildProcess {
  return fork(fileURLToPath(new URL(module, import.meta.url)), {
    env: { PATH: process.env['PATH'], ...settings },
  });
}

async function failureOf(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`It ended with ${code} and said nothing`);
}

async function startBareApi(databaseUrl: string): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort();
  const child = startProcess('../reference/bare-api.js', { DATABASE_URL: databaseUrl, PORT: String(port) });
  await Promise.race([once(child, 'message'), failureOf(child)]);
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
      for (const call of Object.keys(apiCalls)) {
        // Until code is compiled and statements are prepared, on both sides.
        for (const url of [world.apiUrl, bare.url]) await rateOf(url, call, WARM_UP);
        const rounds = await inTurn(
          ROUNDS,
          () => rateOf(world.apiUrl, call),
          () => rateOf(bare.url, call),
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
