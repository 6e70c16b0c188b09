import { findingOf, median, ratioAtMost, type Rounds } from '../finding.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

const BULK = 1_000_000;
const URGENT = 1_000;
const ROUNDS = 21;

/** Milliseconds from the request that creates an urgent mailing to its last message's acceptance. */
async function timeOfUrgent(world: BenchWorld): Promise<number> {
  const createdAt = Date.now();
  const id = await world.mailing('urgent', { priority: 9 });
  await world.completed(id, URGENT);
  const [row] = await world.query<{ lastAt: number }>(
    `SELECT extract(epoch FROM max(sent_at))::float8 * 1000 AS "lastAt" FROM messages WHERE mailing_id = $1`,
    [id],
  );
  return (row?.lastAt ?? NaN) - createdAt;
}

export const urgent: Row = {
  name: 'urgent',
  async measure() {
    const world = await BenchWorld.start();
    try {
      await world.clients(URGENT, 'urgent');
      await world.clients(BULK, 'bulk');
      await timeOfUrgent(world);
      const rounds: Required<Rounds> = { ours: [], reference: [] };
      for (let round = 0; round < ROUNDS; round += 1) rounds.reference.push(await timeOfUrgent(world));
      await world.sink.reset();
      await world.mailing('bulk');
      await world.sink.received(20_000);
      for (let round = 0; round < ROUNDS; round += 1) rounds.ours.push(await timeOfUrgent(world));
      if ((await world.sink.report()).requests >= BULK)
        throw new Error('The million were sent before the last round');
      // One idle moment has nothing to do with one busy moment: both are compared by their medians.
      const idle = median(rounds.reference);
      const what = 'ms until 1,000 urgent messages are sent while a million others are, to an idle system';
      return [
        findingOf(
          this.name,
          what,
          { ours: rounds.ours, reference: rounds.ours.map(() => idle) },
          ratioAtMost(3),
        ),
      ];
    } finally {
      await world.end();
    }
  },
};
