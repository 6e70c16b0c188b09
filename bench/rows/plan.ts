import { findingOf, oursAtMost, ratioAtMost, type Rounds } from '../finding.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

const CLIENTS = 1_000_000;
const ROUNDS = 3;

/** Milliseconds that one statement takes for the same rows, into a table with the same columns and indexes. */
async function bareInsert(world: BenchWorld): Promise<number> {
  await world.query('DROP TABLE IF EXISTS bare_messages');
  await world.query('CREATE TABLE bare_messages (LIKE messages INCLUDING ALL)');
  const startedAt = performance.now();
  await world.query(
    `INSERT INTO bare_messages (mailing_id, client_id, batch_id, phone)
     SELECT 1, id, id / 500, phone FROM clients WHERE 'all' = ANY (tags) ORDER BY id`,
  );
  return performance.now() - startedAt;
}

/** Milliseconds from the call that creates a mailing until it is planned, by the database's clock. */
async function planningTime(world: BenchWorld, id: number): Promise<number> {
  await world.planned(id);
  const [row] = await world.query<{ ms: number }>(
    `SELECT extract(epoch FROM planned_at - created_at)::float8 * 1000 AS ms FROM mailings WHERE id = $1`,
    [id],
  );
  await world.cancel(id);
  return row?.ms ?? NaN;
}

export const plan: Row = {
  name: 'plan',
  async measure() {
    const world = await BenchWorld.start();
    try {
      await world.clients(CLIENTS, 'all');
      const firstMessage: number[] = [];
      const held: Required<Rounds> = { ours: [], reference: [] };
      const sending: Required<Rounds> = { ours: [], reference: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        const bare = await bareInsert(world);
        await world.hold();
        held.ours.push(await planningTime(world, await world.mailing('all')));
        held.reference.push(bare);
        await world.letGo();
        await world.sink.reset();
        const calledAt = Date.now();
        const id = await world.mailing('all');
        sending.ours.push(await planningTime(world, id));
        sending.reference.push(bare);
        firstMessage.push((await world.sink.report()).firstAt - calledAt);
      }
      const bare = 'to one bare INSERT .. SELECT';
      return [
        findingOf(
          this.name,
          'ms until the first of a million messages is at the provider',
          { ours: firstMessage },
          oursAtMost(1_000, 'ms'),
        ),
        findingOf(
          this.name,
          `ms until a million messages are planned, sending held, ${bare}`,
          held,
          ratioAtMost(2.5),
        ),
        findingOf(
          this.name,
          `ms until a million messages are planned, while they are sent, ${bare}`,
          sending,
          ratioAtMost(4),
        ),
      ];
    } finally {
      await world.end();
    }
  },
};
