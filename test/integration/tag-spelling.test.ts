import { afterAll, beforeAll, expect, test } from 'vitest';
import { revertMigrations, runMigrations, Sql } from '#libs/database';
import { migrations } from '#migrations';
import { createTestDatabase } from '../support/services.js';

/** From here on tags have one spelling. */
const place = migrations.findIndex(({ name }) => name.startsWith('SpellTagsOneWay'));

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = new Sql({ url: database.url, poolSize: 1, applicationName: 'test' });
});
afterAll(async () => {
  await sql.close();
  await database.drop();
});

const query = <Row extends object>(text: string) => sql.query<Row>({ name: '', text });

test('tags and zones of an older version are spelled anew, and audiences match all the way', async () => {
  await revertMigrations(database.url, migrations.length - place);
  await query(`INSERT INTO time_zones VALUES ('US/Pacific-New') ON CONFLICT DO NOTHING`);
  await query(`
    INSERT INTO clients (phone, tags, timezone) VALUES
      (79000000001, ARRAY['VIP', 'spring', ' vip', 'Sale\u00a0 Days'], 'UTC'),
      (79000000002, ARRAY['vip'], 'US/Pacific-New'),
      (79000000003, ARRAY['\u200b'], 'Europe/Kiev')`);
  await query(`
    INSERT INTO clients (phone, tags, timezone)
    SELECT 70000000000 + n, CASE WHEN n % 100 = 0 THEN '{Rare,Common}' ELSE '{common}' END::text[], 'UTC'
    FROM generate_series(1, 12000) AS n`);
  const untouched = `SELECT count(*)::int AS n FROM clients WHERE tags = '{common}' AND xmin::text = (
    SELECT xmin::text FROM clients WHERE phone = 70000000001)`;
  const [before] = await query<{ n: number }>(untouched);
  await query(`
    INSERT INTO mailings (text, audience, start_at, end_at, planned_at) VALUES
      ('a', '{"tags": ["VIP"], "excludeTags": ["Gone ", "x"]}', '2090-01-01', '2090-01-02', NULL),
      ('b', '{"timezones": ["US/Pacific-New", "UTC"]}', '2090-01-01', '2090-01-02', NULL),
      ('c', '{"tags": ["Old"]}', '2090-01-01', '2090-01-02', now())`);

  await runMigrations(database.url);

  expect(await query('SELECT tags, timezone FROM clients WHERE phone > 79000000000 ORDER BY phone')).toEqual([
    { tags: ['vip', 'spring', 'sale days'], timezone: 'UTC' },
    { tags: ['vip'], timezone: 'America/Los_Angeles' },
    { tags: [], timezone: 'Europe/Kiev' },
  ]);
  expect(
    await query(
      'SELECT tags, count(*)::int AS n FROM clients WHERE phone < 79000000000 GROUP BY 1 ORDER BY 2',
    ),
  ).toEqual([
    { tags: ['rare', 'common'], n: 120 },
    { tags: ['common'], n: 11_880 },
  ]);
  expect(await query(untouched), 'what needs no change is not written').toEqual([before]);
  expect(await query('SELECT audience FROM mailings ORDER BY id')).toEqual([
    { audience: { tags: ['VIP', 'vip'], excludeTags: ['Gone ', 'x', 'gone'] } },
    { audience: { timezones: ['America/Los_Angeles', 'UTC'] } },
    { audience: { tags: ['Old'] } },
  ]);

  await revertMigrations(database.url, migrations.length - place);
  expect(await runMigrations(database.url), 'done again it comes to the same').toHaveLength(
    migrations.length - place,
  );
});
