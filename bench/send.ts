import { Pool } from 'undici';
import { until } from '../test/support/until.js';
import { BenchWorld } from './bench-world.js';

const MESSAGES = 100_000;
const CONCURRENCY = 64;
const ROUNDS = 3;
const TEXT = 'Your order is on its way.';

/** Requests per second of a bare undici pool that sends the same bodies and stores nothing. */
async function measurePool(world: BenchWorld): Promise<number> {
  const pool = new Pool(world.providerUrl, { connections: CONCURRENCY, pipelining: 1 });
  await world.forget();
  let next = 0;
  const lane = async () => {
    while (next < MESSAGES) {
      const id = (next += 1);
      const { body } = await pool.request({
        method: 'POST',
        path: `/v1/send/${id}`,
        headers: { authorization: world.authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ id, phone: 79_000_000_000 + id, text: TEXT }),
      });
      await body.text();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  await pool.close();
  return rateOf(world);
}

/** Messages per second of the service, from the first request to the last, planning going on meanwhile. */
async function measureService(world: BenchWorld): Promise<number> {
  await world.forget();
  const id = await world.createMailing({
    text: TEXT,
    audience: { tags: ['bench'] },
    startAt: new Date(Date.now() - 1_000).toISOString(),
    endAt: new Date(Date.now() + 3_600_000).toISOString(),
  });
  await until(
    'the mailing is completed',
    async () =>
      (await world.get<{ status: string }>(world.apiUrl, `/v1/mailings/${id}`)).status === 'completed',
    600_000,
    250,
  );
  return rateOf(world);
}

async function rateOf(world: BenchWorld): Promise<number> {
  const { requests, duplicates, firstAt, lastAt } = await world.received();
  if (requests !== MESSAGES || duplicates !== 0) {
    throw new Error(`${requests} requests and ${duplicates} duplicates instead of ${MESSAGES} and 0`);
  }
  return MESSAGES / ((lastAt - firstAt) / 1_000);
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const print = (line: string) => process.stdout.write(`${line}\n`);

const world = await BenchWorld.start(CONCURRENCY);
try {
  await world.sql.query(
    {
      name: 'bench-clients',
      text: `INSERT INTO clients (phone, timezone, tags)
        SELECT 79000000000 + i, 'Europe/Moscow', '{bench}' FROM generate_series(1, $1::int) AS i`,
    },
    [MESSAGES],
  );
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const pool = await measurePool(world);
    const service = await measureService(world);
    ratios.push(service / pool);
    print(
      `round ${round}: pool ${pool.toFixed(0)}/s, service ${service.toFixed(0)}/s, ratio ${(service / pool).toFixed(2)}`,
    );
  }
  print(
    `${MESSAGES} messages, ${CONCURRENCY} connections: median ratio ${median(ratios).toFixed(2)} of a bare undici pool`,
  );
} finally {
  await world.end();
}
