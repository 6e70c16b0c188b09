import { setTimeout as delay } from 'node:timers/promises';
import { CLIENTS } from '../api-calls.js';
import { findingOf, inTurn, ratioAtLeast } from '../finding.js';
import { runLoad } from '../load.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

const CALL = 'GET /v1/clients/{id}';
/** As many as are worked on at one time, and twice as many. */
const FULL = 500;
const OVER = 1_000;
const SECONDS = 5;
const WARM_UP = 4;
const ROUNDS = 5;

/** Answers with 2xx a second, to callers that ask again at once whatever they were answered. Health has to answer meanwhile. */
async function usefulRate(world: BenchWorld, connections: number, seconds = SECONDS): Promise<number> {
  const looking = new AbortController();
  const health = lookAfter(world, looking.signal);
  const { useful } = await runLoad({ url: world.apiUrl, call: CALL, connections, seconds });
  looking.abort();
  await health;
  return useful;
}

/** Asks as a probe does, each time on a connection of its own; throws when one is not answered. */
async function lookAfter(world: BenchWorld, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    for (const path of ['/health/live', '/metrics']) {
      const answer = await fetch(world.apiUrl + path, { headers: { connection: 'close' } });
      await answer.text();
      const { status } = answer;
      if (status !== 200) throw new Error(`${path} was answered with ${status}`);
    }
    // More often than any probe, and seldom enough to cost nothing.
    await delay(500);
  }
}

export const overload: Row = {
  name: 'overload',
  async measure() {
    const world = await BenchWorld.start();
    try {
      await world.clients(CLIENTS, 'old');
      await usefulRate(world, FULL, WARM_UP);
      const rounds = await inTurn(
        ROUNDS,
        () => usefulRate(world, OVER),
        () => usefulRate(world, FULL),
      );
      const what = `${CALL}, useful answers/s to ${OVER} callers that never wait, to those to ${FULL}`;
      return [findingOf(this.name, what, rounds, ratioAtLeast(0.7))];
    } finally {
      await world.end();
    }
  },
};
