import { findingOf, inTurn, ratioAtLeast } from '../finding.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';
import { plannedRate } from './send-mailing.js';

const MESSAGES = 200_000;
const WARM_UP = 50_000;
const ROUNDS = 5;

/** Messages a second of so many dispatchers, each of which has sent before. */
async function rateOf(world: BenchWorld, dispatchers: number): Promise<number> {
  await world.scaleTo(dispatchers);
  await plannedRate(world, 'warm-up', WARM_UP);
  return plannedRate(world, 'all', MESSAGES);
}

/** What `npm start` gains on two cores by running a dispatcher for each. */
export const twoDispatchers: Row = {
  name: 'two-dispatchers',
  async measure() {
    const world = await BenchWorld.start();
    try {
      await world.clients(MESSAGES, 'all');
      await world.clients(WARM_UP, 'warm-up');
      const rounds = await inTurn(
        ROUNDS,
        () => rateOf(world, 2),
        () => rateOf(world, 1),
      );
      const what = 'messages/s of two dispatchers, as `npm start` runs them on two cores, to one';
      return [findingOf(this.name, what, rounds, ratioAtLeast(1.1))];
    } finally {
      await world.end();
    }
  },
};
