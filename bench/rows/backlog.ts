import { findingOf, inTurn, ratioAtLeast } from '../finding.js';
import type { Row, Speed } from '../row.js';
import { BenchWorld } from '../world.js';
import { mailingDue } from './send-mailing.js';

const SMALL = 100_000;
const LARGE = 1_000_000;
const ROUNDS = 3;

/** Messages a second over the first 100,000 of a mailing that is planned to the end, and then falls due at once. */
async function rateOfDue(world: BenchWorld, tag: string, messages: number): Promise<number> {
  const id = await mailingDue(world, tag);
  const rate = await world.sink.rateOfFirst(SMALL);
  if (messages === SMALL) await world.completed(id, SMALL);
  else await world.pause(id);
  await world.forgetAll();
  return rate;
}

const speed: Speed = {
  prepare: (world) => world.clients(LARGE, 'large'),
  async measure(world) {
    return { 'messages/s with a million due at once': await rateOfDue(world, 'large', LARGE) };
  },
};

export const backlog: Row = {
  name: 'backlog',
  speed,
  async measure() {
    const world = await BenchWorld.start();
    try {
      await world.clients(SMALL, 'small');
      await speed.prepare(world);
      const rounds = await inTurn(
        ROUNDS,
        () => rateOfDue(world, 'large', LARGE),
        () => rateOfDue(world, 'small', SMALL),
      );
      const what = 'messages/s with a million due at once, to a hundred thousand';
      return [findingOf(this.name, what, rounds, ratioAtLeast(0.9))];
    } finally {
      await world.end();
    }
  },
};
