import { request } from 'undici';
import { findingOf, oursAtMost, percentile, ratioAtMost, type Rounds } from '../finding.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

const SMALL = 100_000;
const LARGE = 10_000_000;
/** Sent while the statistics are read. */
const SENDING = 500_000;
const CALLS = 500;
const ROUNDS = 3;

/** The p99 of so many calls, one after the other, in ms. */
async function p99(world: BenchWorld, mailing: number): Promise<number> {
  const times: number[] = [];
  for (let nth = 0; nth < CALLS; nth += 1) {
    const startedAt = performance.now();
    const { statusCode, body } = await request(`${world.apiUrl}/v1/mailings/${mailing}/statistics`);
    await body.dump();
    if (statusCode !== 200) throw new Error(`answered with ${statusCode}`);
    times.push(performance.now() - startedAt);
  }
  return percentile(times, 0.99);
}

/** Fills the tables with what has been sent long ago, as so many mailings left it. */
async function history(world: BenchWorld, messages: number): Promise<void> {
  await world.query(
    `WITH made AS (
       INSERT INTO mailings (text, audience, start_at, end_at, status, started_at, planned_at, finished_at)
       SELECT 'Long ago', '{}', now() - interval '2 days', now() - interval '1 day', 'completed',
         now() - interval '2 days', now() - interval '2 days', now() - interval '1 day'
       FROM generate_series(1, $1::int / $2::int) RETURNING id
     ), rows AS (
       INSERT INTO messages (mailing_id, client_id, batch_id, phone, status, sent_at, attempts)
       SELECT m.id, nth, 0, 79000000000 + nth, 'sent', now() - interval '1 day', 1
       FROM made m CROSS JOIN generate_series(1, $2::int) AS nth
     )
     INSERT INTO mailing_counters (mailing_id, shard, sent) SELECT id, 0, $2::int FROM made
     UNION ALL SELECT 0, 0, $1::bigint
     ON CONFLICT (mailing_id, shard) DO UPDATE SET sent = mailing_counters.sent + excluded.sent`,
    [messages, SMALL],
  );
  await world.query('VACUUM ANALYZE messages');
}

export const statistics: Row = {
  name: 'statistics',
  async measure() {
    const world = await BenchWorld.start();
    try {
      await world.clients(SENDING, 'all');
      await history(world, SMALL);
      const [{ id } = { id: 0 }] = await world.query<{ id: number }>('SELECT min(id) AS id FROM mailings');
      const rounds: Required<Rounds> = { ours: [], reference: [] };
      await p99(world, id);
      for (let round = 0; round < ROUNDS; round += 1) rounds.reference.push(await p99(world, id));
      await history(world, LARGE - SMALL);
      for (let round = 0; round < ROUNDS; round += 1) rounds.ours.push(await p99(world, id));
      await world.sink.reset();
      const sent = await world.mailing('all');
      await world.sink.received(20_000);
      const busy: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) busy.push(await p99(world, sent));
      const { requests } = await world.sink.report();
      if (requests >= SENDING) throw new Error('All was sent before the statistics were read');
      const what = "ms for a mailing's statistics, p99, ten million messages";
      return [
        findingOf(this.name, `${what}, to a hundred thousand`, rounds, ratioAtMost(1.5)),
        findingOf(this.name, `${what}, nothing is being sent`, { ours: rounds.ours }, oursAtMost(10, 'ms')),
        findingOf(this.name, `${what}, sending at full speed`, { ours: busy }, oursAtMost(30, 'ms')),
      ];
    } finally {
      await world.end();
    }
  },
};
