import { expect, onTestFinished, test } from 'vitest';
import { Sql } from '#libs/database';
import { ExpiredKeyPurger } from '../../apps/dispatcher/duties/expired-key-purger.js';
import { createTestDatabase } from '../support/services.js';

async function setup() {
  const database = await createTestDatabase();
  const sql = new Sql({ url: database.url, poolSize: 3, applicationName: 'test' });
  onTestFinished(async () => {
    await sql.close();
    await database.drop();
  });
  const run = <Row extends object>(text: string, values: unknown[] = []) =>
    sql.query<Row>({ name: '', text }, values);
  /** Keys that were first used so long ago. */
  const keys = (count: number, age: string) =>
    run(
      `INSERT INTO idempotency_keys (key, fingerprint, created_at, status)
       SELECT $2 || n, '', ems_now() - $2::interval, 200 FROM generate_series(1, $1::integer) AS n`,
      [count, age],
    );
  const left = async () => (await run('SELECT key FROM idempotency_keys')).length;
  return { sql, run, keys, left, duty: new ExpiredKeyPurger(sql) };
}

test('keys go in pages when they are older than 24 hours, the others stay', async () => {
  const { keys, left, duty } = await setup();
  await keys(1_200, '25 hours');
  await keys(3, '23 hours 59 minutes');

  const pages = [await duty.runOnce(), await duty.runOnce(), await duty.runOnce(), await duty.runOnce()];

  expect(pages.map(({ purged }) => purged)).toEqual([500, 500, 200, 0]);
  expect(await left()).toBe(3);
});

test('the age is told by the database’s clock', async () => {
  const { run, keys, left, duty } = await setup();
  await keys(2, '1 hour');
  expect(await duty.runOnce()).toEqual({ purged: 0 });
  await run(`UPDATE clock_offset SET by_interval = '23 hours'`);
  expect(await duty.runOnce()).toEqual({ purged: 2 });
  expect(await left()).toBe(0);
});

test('a key that is just taken over by a request is left to that', async () => {
  const { sql, keys, left, duty } = await setup();
  await keys(2, '25 hours');
  await sql.transaction(async (request) => {
    await request.query({
      name: '',
      text: `UPDATE idempotency_keys SET created_at = ems_now() WHERE key = '25 hours1'`,
    });
    expect(await duty.runOnce()).toEqual({ purged: 1 });
  });
  expect(await duty.runOnce()).toEqual({ purged: 0 });
  expect(await left()).toBe(1);
});
