import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '#libs/embedded';
import { apiCalls, CLIENTS } from '../api-calls.js';
import { findingOf, inTurn, ratioAtLeast } from '../finding.js';
import { failureOf, runLoad, startProcess } from '../load.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

const CONNECTIONS = 20;
const SECONDS = 2;
const WARM_UP = 4;
const ROUNDS = 9;

/** Requests a second that were answered with 2xx; throws when any was not. */
async function rateOf(url: string, call: string, seconds = SECONDS): Promise<number> {
  const { rate, non2xx, errors } = await runLoad({ url, call, connections: CONNECTIONS, seconds });
  if (non2xx + errors > 0) throw new Error(`${call}: ${non2xx} answers were not 2xx, and ${errors} failed`);
  return rate;
}

async function startBareApi(databaseUrl: string): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort();
  const child = startProcess('reference/bare-api.js', { DATABASE_URL: databaseUrl, PORT: String(port) });
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
