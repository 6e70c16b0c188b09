import { betweenReferences, findingOf, ratioAtLeast } from '../finding.js';
import type { Row, Speed } from '../row.js';
import { BenchWorld } from '../world.js';
import { bareRate, plannedRate } from './send-mailing.js';

const MESSAGES = 200_000;
const ROUNDS = 9;
const WARM_UP = 100_000;

const speed: Speed = {
  async prepare(world) {
    await world.clients(MESSAGES, 'all');
    await world.clients(WARM_UP, 'warm-up');
    // A dispatcher that serves has its code compiled and its statements prepared.
    await plannedRate(world, 'warm-up', WARM_UP);
  },
  // What is to be sent is there before the clock starts; planning has a row of its own.
  async measure(world) {
    return { 'messages/s of one dispatcher': await plannedRate(world, 'all', MESSAGES) };
  },
};

export const send: Row = {
  name: 'send',
  speed,
  async measure() {
    const world = await BenchWorld.start();
    try {
      await speed.prepare(world);
      // The reference has nothing to plan either.
      const rounds = await betweenReferences(
        ROUNDS,
        () => plannedRate(world, 'all', MESSAGES),
        () => bareRate(world, MESSAGES),
      );
      const what = 'messages/s of one dispatcher, to requests/s of the bare HTTP client';
      return [findingOf(this.name, what, rounds, ratioAtLeast(0.6))];
    } finally {
      await world.end();
    }
  },
};
