import { setTimeout as wait } from 'node:timers/promises';
import { findingOf, oursAtMost, ratioAtMost, type Rounds } from '../finding.js';
import type { Row, Speed } from '../row.js';
import { BenchWorld } from '../world.js';

const CLIENTS = 1_000_000;
const ROUNDS = 3;
/** Milliseconds: a lane that met the open breaker looks again after POLL_MS, which is 1,000 by default. */
const LANES_ARE_BACK = 1_500;

/** Milliseconds that one statement takes for the same rows, into a table with the same columns and indexes. */
async function bareInsert(world: BenchWorld): Promise<number> {
  await world.query('CREATE TABLE bare_messages (LIKE messages INCLUDING ALL)');
  await world.settle();
  const startedAt = performance.now();
  await world.query(
    `INSERT INTO bare_messages (mailing_id, client_id, batch_id, phone)
     SELECT 1, id, id / 500, phone FROM clients WHERE 'all' = ANY (tags) ORDER BY id`,
  );
  const took = performance.now() - startedAt;
  await world.query('DROP TABLE bare_messages');
  return took;
}

interface Planning {
  /** Milliseconds from the call that creates the mailing until its last page is seen. */
  all: number;
  /** Milliseconds from that call until the first message is at the provider; below 0 when none came. */
  first: number;
}

/** Plans a mailing for all clients. Its rows are gone afterwards, which is not part of the figures. */
async function planning(world: BenchWorld): Promise<Planning> {
  await world.settle();
  await world.sink.reset();
  const calledAt = Date.now();
  const startedAt = performance.now();
  const id = await world.mailing('all');
  await world.planned(id);
  const all = performance.now() - startedAt;
  const { firstAt } = await world.sink.report();
  const [count] = await world.query<{ messages: number }>(
    'SELECT count(*) AS messages FROM messages WHERE mailing_id = $1',
    [id],
  );
  if (count?.messages !== CLIENTS) throw new Error(`${count?.messages} messages instead of ${CLIENTS}`);
  await world.pause(id);
  await world.forgetAll();
  return { all, first: firstAt - calledAt };
}

async function planningHeld(world: BenchWorld): Promise<Planning> {
  await world.hold();
  return planning(world);
}

async function planningWhileSending(world: BenchWorld): Promise<Planning> {
  await world.letGo();
  await wait(LANES_ARE_BACK);
  return planning(world);
}

const speed: Speed = {
  prepare: (world) => world.clients(CLIENTS, 'all'),
  async measure(world) {
    const { all: held } = await planningHeld(world);
    const { all: sending } = await planningWhileSending(world);
    return {
      'ms until a million messages are planned, sending held': held,
      'ms until a million messages are planned, while they are sent': sending,
    };
  },
};

export const plan: Row = {
  name: 'plan',
  speed,
  async measure() {
    const world = await BenchWorld.start();
    try {
      await speed.prepare(world);
      const first: number[] = [];
      const held: Required<Rounds> = { ours: [], reference: [] };
      const sending: Required<Rounds> = { ours: [], reference: [] };
      // The bare statement stands between the two, so that each is compared with its neighbour.
      for (let round = 0; round < ROUNDS; round += 1) {
        held.ours.push((await planningHeld(world)).all);
        const bare = await bareInsert(world);
        held.reference.push(bare);
        sending.reference.push(bare);
        const whileSending = await planningWhileSending(world);
        sending.ours.push(whileSending.all);
        first.push(whileSending.first);
      }
      const bare = 'to one bare INSERT .. SELECT';
      return [
        findingOf(
          this.name,
          'ms until the first of a million messages is at the provider',
          { ours: first },
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
