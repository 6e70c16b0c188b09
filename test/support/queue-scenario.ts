import { afterAll, afterEach, beforeAll } from 'vitest';
import { Sql } from '#libs/database';
import type { AmbiguityPolicy, Audience } from '#libs/mailings';
import { leasePlan, type PlannedPage, planPage } from '#libs/queue/plan';
import { fromBefore, untilWaiting } from './held-statements.js';
import { registerQueueDispatcher } from './queue-dispatcher.js';
import { expectCountersExact, findBatches, findMessages, findStatuses } from './queue-rows.js';
import { createTestDatabase } from './services.js';

/*
 * A database for the test file that imports this, emptied by each setup(); after each test its counters are
 * held against a recount of the messages.
 */

export interface ClientsGiven {
  count?: number;
  timezone?: string;
  tags?: string[];
  operatorCode?: string | null;
}

export interface MailingGiven {
  /** An interval from now; a negative one has passed. */
  startsIn?: string;
  endsIn?: string;
  window?: [from: string, to: string];
  audience?: Audience;
  priority?: number;
  status?: 'scheduled' | 'paused' | 'cancelled';
  onAmbiguous?: AmbiguityPolicy;
}

export type QueueScenario = Awaited<ReturnType<typeof setup>>;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = new Sql({ url: database.url, poolSize: 8, applicationName: 'queue-test', byIndexOnly: true });
  // Ids of one kind can't be taken for those of another.
  await run('ALTER SEQUENCE mailings_id_seq RESTART 101');
  await run('ALTER SEQUENCE batches_id_seq RESTART 20001');
  await run('ALTER SEQUENCE messages_id_seq RESTART 3000001');
  await run('ALTER SEQUENCE clients_id_seq RESTART 400000001');
});

afterEach(() => expectCountersExact(sql));

afterAll(async () => {
  await sql?.close();
  await database?.drop();
});

const tables = [
  'clients',
  'mailings',
  'batches',
  'messages',
  'attempts',
  'mailing_counters',
  'dispatchers',
  'control_confirmations',
];

/** An empty queue, the clock unshifted and the breaker closed. */
export async function setup() {
  // TRUNCATE takes a hundred times as long for a few rows.
  await run(`WITH ${tables.map((table) => `${table}_emptied AS (DELETE FROM ${table})`).join(', ')} SELECT`);
  await run(`UPDATE clock_offset SET by_interval = '0'`);
  await run(`UPDATE providers SET breaker = 'closed', reason = NULL, opened_at = NULL, retry_at = NULL,
    failed_probes = 0, probe_owner = NULL, probe_until = NULL, key_lifetime = '24h'`);
  return {
    sql,
    url: database.url,
    run,
    clients,
    aMailing,
    setStatus,
    plan,
    aPlannedMailing,
    shiftClock,
    setClock,
    now,
    dispatcher: () => registerQueueDispatcher(sql),
    statuses: (mailing: number) => findStatuses(sql, mailing),
    messages: (mailing: number) => findMessages(sql, mailing),
    batches: (mailing: number) => findBatches(sql, mailing),
    untilWaiting: (count?: number) => untilWaiting(sql, count),
    fromBefore: <Result>(meanwhile: () => Promise<unknown>, statement: () => Promise<Result>) =>
      fromBefore(sql, meanwhile, statement),
    expectCountersExact: () => expectCountersExact(sql),
  };
}

/** Any statement, unprepared. */
async function run<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
  return sql.query<Row>({ name: '', text }, values);
}

let lastPhone = 79_000_000_000;

/** Adds clients; returns their ids. */
async function clients({ count = 1, timezone = 'UTC', tags = [], operatorCode = null }: ClientsGiven = {}) {
  lastPhone += count;
  const rows = await run<{ id: number }>(
    `INSERT INTO clients (phone, timezone, tags, operator_code)
     SELECT $1::bigint - nth, $2, $3, $4 FROM generate_series(0, $5 - 1) AS nth
     RETURNING id`,
    [lastPhone, timezone, tags, operatorCode, count],
  );
  return rows.map(({ id }) => id);
}

/** Adds a mailing that began a second ago and lasts a day, unless told otherwise; returns its id. */
async function aMailing(given: MailingGiven = {}): Promise<number> {
  const [from, to] = given.window ?? [];
  const [mailing] = await run<{ id: number }>(
    `INSERT INTO mailings (text, audience, start_at, end_at, window_from, window_to, priority, status,
       on_ambiguous)
     SELECT 'Hello', $1, ems_now() + $2::interval, ems_now() + $3::interval, $4, $5, $6, $7, $8
     RETURNING id`,
    [
      given.audience ?? {},
      given.startsIn ?? '-1s',
      given.endsIn ?? '1d',
      from ?? null,
      to ?? null,
      given.priority ?? 0,
      given.status ?? 'scheduled',
      given.onAmbiguous ?? 'resend',
    ],
  );
  return mailing?.id ?? Number.NaN;
}

/** What the API does when a mailing is paused, resumed or cancelled. */
async function setStatus(
  mailing: number,
  status: 'scheduled' | 'running' | 'paused' | 'cancelled',
): Promise<void> {
  await run(
    `UPDATE mailings SET status = $2, control_version = nextval('mailing_control_version'),
       control_at = ems_now()
     WHERE id = $1`,
    [mailing, status],
  );
}

/** Plans everything whose time has come, page by page; returns the pages. */
async function plan({ size = 20_000 } = {}): Promise<PlannedPage[]> {
  const pages: PlannedPage[] = [];
  for (let lease = await leasePlan(sql, 30_000); lease; lease = await leasePlan(sql, 30_000)) {
    let page: PlannedPage;
    do {
      page = await planPage(sql, lease, { size, guardMs: 500, leaseMs: 30_000, shard: 3 });
      pages.push(page);
    } while (!page.finished);
  }
  return pages;
}

/** A mailing to `count` clients of its own, planned; returns its id. */
async function aPlannedMailing({ count = 3, ...given }: MailingGiven & { count?: number } = {}) {
  const tag = `recipients of ${lastPhone}`;
  await clients({ count, tags: [tag] });
  const mailing = await aMailing({ ...given, audience: { tags: [tag] } });
  await plan();
  return mailing;
}

/** Puts the database's clock forward by an interval. */
async function shiftClock(interval: string): Promise<void> {
  await run('UPDATE clock_offset SET by_interval = by_interval + $1::interval', [interval]);
}

/** Sets the database's clock, from which it goes on. */
async function setClock(instant: string): Promise<void> {
  await run('UPDATE clock_offset SET by_interval = $1::timestamptz - clock_timestamp()', [instant]);
}

/** The database's clock, epoch milliseconds. */
async function now(): Promise<number> {
  const [row] = await run<{ now: number }>('SELECT extract(epoch FROM ems_now())::float8 * 1000 AS now');
  return row?.now ?? Number.NaN;
}
