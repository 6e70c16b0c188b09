import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestApi } from '../../support/api.js';
import { sources } from '../../support/documents.js';
import { fillTables } from './big-tables.js';
import { dutyCases, planningCases, resolvingCases } from './duty-cases.js';
import { Explained, type PlanMode } from './explained.js';
import { complaintsAbout, guarded } from './guards.js';
import { clientCases, listCases } from './list-cases.js';
import type { Cases, Scene } from './scene.js';
import { sendingCases } from './sending-cases.js';

/*
 * Everything that the service asks of Postgres again and again, over tables of more than a million messages. Each
 * statement is explained as it is really carried out, with plans for its values and with those for any values; see
 * guards.ts for what it may read.
 */

const writing = { ...sendingCases, ...planningCases, ...dutyCases, ...clientCases, ...resolvingCases };

/** Each index of the tables that grow, with a case that reads too much, or by other ways, without it. */
const needed: Record<string, keyof typeof writing | keyof typeof listCases> = {
  attempts_pkey: 'a message with its attempts',
  batches_leased: 'abandoned batches are reclaimed',
  batches_mailing: 'batches of a deleted mailing are purged',
  batches_open: 'a batch is leased by deadline',
  batches_pkey: 'a batch is leased by its ticket',
  batches_ticketed: 'tickets are chosen by deadline',
  clients_operator_code: 'clients of an operator: the first page',
  clients_phone_key: 'a client by its phone',
  clients_pkey: 'clients: by cursor',
  clients_tags: 'clients with a rare tag: the first page',
  clients_timezone: 'clients of a rare zone: the first page',
  control_confirmations_pkey: 'changes of mailings are found and confirmed',
  idempotency_keys_created_at: 'expired keys are purged',
  idempotency_keys_pkey: 'expired keys are purged',
  mailing_counters_pkey: 'the statistics of a mailing',
  mailings_control_at: 'changes of mailings are found and confirmed',
  mailings_deleted: 'batches of a deleted mailing are purged',
  mailings_pkey: 'mailings: by cursor',
  mailings_status: 'mailings that are paused',
  mailings_unfinished: 'a batch is leased by deadline',
  mailings_unplanned: 'everyone is planned',
  messages_batch: 'its messages are read',
  messages_once_per_client: 'messages: by cursor',
  messages_pkey: 'acceptances are recorded',
};

let api: TestApi;
let explained: Explained;
let scene: Scene;

beforeAll(async () => {
  // One connection for TypeORM, whose transactions everything joins, and one for all else.
  api = await TestApi.start({ DATABASE_POOL_SIZE: '2' });
  await fillTables(api.sql);
  explained = new Explained(api);
  scene = {
    api,
    sql: api.sql,
    aside: (work) => explained.aside(work),
    given: (text, values) => explained.aside(() => api.sql.query({ name: '', text }, values)),
  };
});

afterAll(() => api?.end());

async function complaints(mode: PlanMode, run: Cases[string]): Promise<string[]> {
  const plans = await explained.run(mode, () => run(scene));
  expect(plans).not.toEqual([]);
  return plans.flatMap(complaintsAbout);
}

describe('what changes rows', () => {
  test.each(Object.entries(writing))('%s', async (_name, run) => {
    expect(await complaints('force_custom_plan', run)).toEqual([]);
    expect(await complaints('force_generic_plan', run)).toEqual([]);
  });
});

test('a rare tag is planned without a walk through all clients, also when its page has been planned often', async () => {
  for (let time = 0; time < 7; time += 1) {
    const plans = await explained.run('auto', async () => planningCases['a rare tag is planned']?.(scene));
    const page = plans.find(({ statement }) => statement === 'plan-page-t');
    expect(page?.pages).toBeLessThan(2_000);
    expect(page?.indexes).toContain('clients_tags');
  }
});

describe('what is read', () => {
  // A page's plan for any values expects a tenth of all rows; Postgres prefers the one for the page's own size.
  test.each(Object.entries(listCases))('%s', async (_name, run) => {
    for (let time = 0; time < 5; time += 1) {
      expect(await complaints('force_custom_plan', run)).toEqual([]);
    }
    expect(await complaints('auto', run)).toEqual([]);
  });
});

test.each(Object.entries(needed))('without %s it is noticed', async (index, name) => {
  const run = { ...writing, ...listCases }[name] as Cases[string];
  const [constraint] = await scene.given<{ table: string }>(
    'SELECT conrelid::regclass::text AS table FROM pg_constraint WHERE conname = $1',
    [index],
  );
  const withoutIt = complaints('force_custom_plan', async () => {
    await scene.given(
      constraint ? `ALTER TABLE ${constraint.table} DROP CONSTRAINT ${index}` : `DROP INDEX ${index}`,
    );
    await run(scene);
  });
  // A statement that names the index's columns as its arbiter can't do without it at all.
  const noticed = await withoutIt.catch((error: unknown) => [String(error)]);

  expect(noticed).not.toEqual([]);
});

test('every index of what grows is one that is needed', async () => {
  const rows = await scene.given<{ name: string }>(
    `SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'public' AND tablename <> ALL ($1) ORDER BY 1`,
    [['clock_offset', 'dispatchers', 'providers', 'schema_migrations', 'slot_calendars', 'time_zones']],
  );
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(needed));
});

test('every statement of the queue, of lists and of statistics has a guard', () => {
  const names = sources(
    'libs/clients',
    'libs/messages',
    'libs/queue',
    'libs/providers',
    'libs/statistics',
  ).flatMap(({ text }) =>
    [...text.matchAll(/: Statement = \{\s*name: '([\w-]+)'/g)].map(([, name = '']) => name),
  );
  // One changes a provider by its key; the others touch no row.
  const exempt = new Set(['update-provider', 'savepoint-clients', 'undo-clients', 'release-clients']);

  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((name) => !guarded.includes(name) && !exempt.has(name))).toEqual([]);
});
