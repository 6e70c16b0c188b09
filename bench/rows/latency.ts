import { findingOf, oursAtMost, percentile } from '../finding.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

const MAILINGS = 200;
const ROUNDS = 3;

/** Milliseconds from the call that creates a mailing for one client to the request at the provider. */
async function timeToProvider(world: BenchWorld): Promise<number> {
  await world.sink.reset();
  const calledAt = Date.now();
  await world.mailing('one');
  await world.sink.received(1);
  return (await world.sink.report()).firstAt - calledAt;
}

export const latency: Row = {
  name: 'latency',
  async measure() {
    const world = await BenchWorld.start();
    try {
      await world.clients(1, 'one');
      const p99s: number[] = [];
      await timeToProvider(world);
      for (let round = 0; round < ROUNDS; round += 1) {
        const times: number[] = [];
        for (let nth = 0; nth < MAILINGS; nth += 1) times.push(await timeToProvider(world));
        p99s.push(percentile(times, 0.99));
      }
      const what = 'ms from the call that creates a mailing to its request at the provider, p99 of 200, idle';
      return [findingOf(this.name, what, { ours: p99s }, oursAtMost(250, 'ms'))];
    } finally {
      await world.end();
    }
  },
};
