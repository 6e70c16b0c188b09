import { runToEnd } from '../child.js';
import { findingOf, ratioAtLeast, type Rounds } from '../finding.js';
import { startRedis } from '../peers/redis.js';
import type { Row, Speed } from '../row.js';
import { BenchWorld } from '../world.js';
import { CONNECTIONS, plannedRate } from './send-mailing.js';

const MESSAGES = 200_000;
/** Fewer, as they take longer for each; both are at their full speed after the first thousand. */
const JOBS = 30_000;
const ROUNDS = 3;

/** Jobs a second of a queue that sends each and stores its status in Postgres, from the first request to the last. */
async function peerRate(
  world: BenchWorld,
  module: string,
  settings: Record<string, string>,
): Promise<number> {
  await world.query('DROP TABLE IF EXISTS peer_messages');
  await world.query(
    'CREATE TABLE peer_messages (id bigint PRIMARY KEY, phone bigint NOT NULL, status text NOT NULL, sent_at timestamptz)',
  );
  await world.query(
    `INSERT INTO peer_messages SELECT i, 79000000000 + i, 'pending' FROM generate_series(1, $1::int) AS i`,
    [JOBS],
  );
  await world.sink.reset();
  await runToEnd(module, {
    ...settings,
    DATABASE_URL: world.databaseUrl,
    SINK_URL: world.sink.url,
    JOBS: String(JOBS),
    CONNECTIONS: String(CONNECTIONS),
  });
  const rate = await world.sink.rate(JOBS);
  const unsent = await world.query(`SELECT FROM peer_messages WHERE status <> 'sent'`);
  if (unsent.length > 0) throw new Error(`${module} left ${unsent.length} unsent`);
  return rate;
}

const speed: Speed = {
  prepare: (world) => world.clients(MESSAGES, 'all'),
  async measure(world) {
    return { 'messages/s': await plannedRate(world, 'all', MESSAGES) };
  },
};

export const peers: Row = {
  name: 'peers',
  speed,
  async measure() {
    const redis = await startRedis();
    const world = await BenchWorld.start();
    try {
      await speed.prepare(world);
      const graphile: Required<Rounds> = { ours: [], reference: [] };
      const bullmq: Required<Rounds> = { ours: [], reference: [] };
      // What they are to send is in their queues before the first request, so ours is planned by then too.
      for (let round = 0; round < ROUNDS; round += 1) {
        const ours = await plannedRate(world, 'all', MESSAGES);
        graphile.ours.push(ours);
        bullmq.ours.push(ours);
        graphile.reference.push(await peerRate(world, './peers/graphile-worker.js', {}));
        bullmq.reference.push(await peerRate(world, './peers/bullmq.js', { REDIS_PORT: String(redis.port) }));
      }
      return [
        findingOf(this.name, 'messages/s, to graphile-worker + undici', graphile, ratioAtLeast(3.5)),
        findingOf(this.name, 'messages/s, to BullMQ + undici', bullmq, ratioAtLeast(4.5)),
      ];
    } finally {
      await world.end();
      await redis.stop();
    }
  },
};
