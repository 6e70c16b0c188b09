import { findingOf, ratioAtLeast, type Rounds } from '../finding.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';
import { serviceRate } from './send-mailing.js';

const MESSAGES = 100_000;
const ROUNDS = 3;

export const natsAway: Row = {
  name: 'nats-away',
  async measure() {
    const world = await BenchWorld.start();
    try {
      await world.clients(MESSAGES, 'all');
      // The first run warms everything up.
      await serviceRate(world, 'all', MESSAGES);
      const rounds: Required<Rounds> = { ours: [], reference: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        rounds.reference.push(await serviceRate(world, 'all', MESSAGES));
        await world.stopNats();
        rounds.ours.push(await serviceRate(world, 'all', MESSAGES));
        await world.startNats();
      }
      return [
        findingOf(this.name, 'messages/s without NATS, to the same with it', rounds, ratioAtLeast(0.8)),
      ];
    } finally {
      await world.end();
    }
  },
};
