import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from '../../support/api.js';

/*
 * A reader asks for page after page while others add and remove. Whatever they do, what is there from the first
 * page to the last is seen exactly once and in order, and nothing at all is seen twice.
 */

/** What is listed: who it is, and whether it ever belonged to the list. */
interface Thing {
  /** By which the list is ordered; unlike all others. */
  key: number;
  /** Within what the list was asked for. */
  isListed: boolean;
}

interface Listing {
  name: string;
  path: string;
  order: 'ascending' | 'descending';
  /** The things of an answer, by key. */
  keysOf(body: { items: { id: number; clientId: number; mailingId: number }[] }): number[];
  /** Adds one, at a place that is a number from 0 to 999 where the list leaves a choice of places. */
  add(place: number, isListed: boolean): Promise<Thing>;
  remove(key: number): Promise<unknown>;
  /** Whose things they are, where they are somebody's. */
  owner?: () => Promise<unknown>;
}

let api: TestApi;
/** The mailing and the client whose messages are listed; their ids are far above all others. */
const MAILING = 900_000;
const CLIENT = 900_000;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.end());

let lastPhone = 79_100_000_000;

async function addClient(_place: number, isListed: boolean): Promise<Thing> {
  lastPhone += 1;
  const [row] = await api.query<{ id: number }>(
    `INSERT INTO clients (phone, timezone, tags) VALUES ($1, 'UTC', $2) RETURNING id`,
    [lastPhone, isListed ? ['listed', 'other'] : ['other']],
  );
  return { key: row?.id ?? Number.NaN, isListed };
}

async function addMailing(_place: number, isListed: boolean): Promise<Thing> {
  const [row] = await api.query<{ id: number }>(
    `INSERT INTO mailings (text, start_at, end_at, status, started_at)
     VALUES ('Hello', now(), now() + interval '1 day', $1, now()) RETURNING id`,
    [isListed ? 'running' : 'paused'],
  );
  return { key: row?.id ?? Number.NaN, isListed };
}

/** Planning adds messages in the order of clients, but nothing in a list's promise depends on that. */
async function addMessageOfMailing(place: number, isListed: boolean): Promise<Thing> {
  const [row] = await api.query<{ client_id: number }>(
    `INSERT INTO messages (mailing_id, client_id, batch_id, phone, status)
     SELECT $1, free, 1, 79001112233, $3 FROM generate_series($2::integer, 3000) AS free
     WHERE NOT EXISTS (SELECT FROM messages WHERE mailing_id = $1 AND client_id = free)
     ORDER BY free LIMIT 1 RETURNING client_id`,
    [MAILING, place + 1, isListed ? 'failed' : 'sent'],
  );
  return { key: row?.client_id ?? Number.NaN, isListed };
}

async function addMessageOfClient(place: number, isListed: boolean): Promise<Thing> {
  const { key: mailing } = await addMailing(place, true);
  await api.query(
    `INSERT INTO messages (mailing_id, client_id, batch_id, phone) VALUES ($1, $2, 1, 79001112233)`,
    [mailing, isListed ? CLIENT : CLIENT - 1],
  );
  return { key: mailing, isListed };
}

const byId: Listing['keysOf'] = ({ items }) => items.map(({ id }) => id);
const byClient: Listing['keysOf'] = ({ items }) => items.map(({ clientId }) => clientId);
const byMailing: Listing['keysOf'] = ({ items }) => items.map(({ mailingId }) => mailingId);

const deleteClient = (id: number) => api.delete(`/v1/clients/${id}`);
const deleteMailing = (id: number) => api.query('UPDATE mailings SET deleted_at = now() WHERE id = $1', [id]);
const deleteMessage = (client: number) =>
  api.query('DELETE FROM messages WHERE mailing_id = $1 AND client_id = $2', [MAILING, client]);

const aMailing = () =>
  api.query(
    `INSERT INTO mailings (id, text, start_at, end_at) OVERRIDING SYSTEM VALUE
     VALUES ($1, 'Hello', now(), now() + interval '1 day')`,
    [MAILING],
  );
const aClient = () =>
  api.query(
    `INSERT INTO clients (id, phone, timezone) OVERRIDING SYSTEM VALUE VALUES ($1, 79990000000, 'UTC')`,
    [CLIENT],
  );

const listings: Listing[] = [
  {
    name: 'clients',
    path: '/v1/clients?',
    order: 'ascending',
    keysOf: byId,
    add: (place) => addClient(place, true),
    remove: deleteClient,
  },
  {
    name: 'clients with a tag',
    path: '/v1/clients?tag=listed&',
    order: 'ascending',
    keysOf: byId,
    add: addClient,
    remove: deleteClient,
  },
  {
    name: 'mailings',
    path: '/v1/mailings?',
    order: 'descending',
    keysOf: byId,
    add: (place) => addMailing(place, true),
    remove: deleteMailing,
  },
  {
    name: 'mailings in a status',
    path: '/v1/mailings?status=running&',
    order: 'descending',
    keysOf: byId,
    add: addMailing,
    remove: deleteMailing,
  },
  {
    name: 'messages of a mailing',
    path: `/v1/mailings/${MAILING}/messages?`,
    order: 'ascending',
    keysOf: byClient,
    add: (place) => addMessageOfMailing(place, true),
    remove: deleteMessage,
    owner: aMailing,
  },
  {
    name: 'messages of a mailing in a status',
    path: `/v1/mailings/${MAILING}/messages?status=failed&`,
    order: 'ascending',
    keysOf: byClient,
    add: addMessageOfMailing,
    remove: deleteMessage,
    owner: aMailing,
  },
  {
    name: 'messages of a client',
    path: `/v1/clients/${CLIENT}/messages?`,
    order: 'descending',
    keysOf: byMailing,
    add: addMessageOfClient,
    remove: deleteMailing,
    owner: aClient,
  },
  {
    name: 'statistics',
    path: '/v1/statistics?',
    order: 'descending',
    keysOf: (body) => byMailing((body as unknown as { mailings: typeof body }).mailings),
    add: (place) => addMailing(place, true),
    remove: deleteMailing,
  },
];

const place = fc.integer({ min: 0, max: 999 });
const change = fc.oneof(
  fc.record({ adds: place, isListed: fc.boolean() }),
  fc.record({ removes: fc.nat({ max: 1_000 }) }),
);
/** What happens while each page is asked for. */
const meanwhile = fc.array(fc.array(change, { maxLength: 4 }), { minLength: 8, maxLength: 8 });
const given = fc.record({
  before: fc.array(fc.record({ adds: place, isListed: fc.boolean() }), {
    minLength: 1,
    maxLength: 14,
    size: 'max',
  }),
  limit: fc.integer({ min: 1, max: 5 }),
  meanwhile,
});

test.for(listings)(
  '$name: what stays is seen once and in order, whatever comes and goes',
  async (listing) => {
    let [pages, removed, added] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(given, async ({ before, limit, meanwhile: changes }) => {
        await api.query('TRUNCATE clients, mailings, messages');
        await listing.owner?.();
        const there: Thing[] = [];
        for (const { adds, isListed } of before) there.push(await listing.add(adds, isListed));
        const stays = new Set(there.filter(({ isListed }) => isListed).map(({ key }) => key));

        const seen: number[] = [];
        let cursor: string | null = '';
        for (let nth = 0; cursor !== null; nth += 1) {
          const asking = api.get(`${listing.path}limit=${limit}${cursor && `&cursor=${cursor}`}`);
          // At the same time as the page is read, not after it.
          for (const one of changes[nth] ?? []) {
            if ('adds' in one) {
              added += 1;
              there.push(await listing.add(one.adds, one.isListed));
            } else if (there.length > 0) {
              const [gone] = there.splice(one.removes % there.length, 1);
              stays.delete(gone?.key ?? 0);
              removed += 1;
              await listing.remove(gone?.key ?? 0);
            }
          }
          const { status, body } = await asking;
          expect(status, JSON.stringify(body)).toBe(200);
          expect(listing.keysOf(body).length).toBeLessThanOrEqual(limit);
          seen.push(...listing.keysOf(body));
          cursor = (body.mailings ?? body).nextCursor;
          pages += 1;
          expect(pages, 'a list comes to its end').toBeLessThan(10_000);
        }

        const inOrder = seen.toSorted((a, b) => (listing.order === 'ascending' ? a - b : b - a));
        expect(seen).toEqual(inOrder);
        expect(new Set(seen).size, 'nothing is seen twice').toBe(seen.length);
        expect(new Set(seen.filter((key) => stays.has(key)))).toEqual(stays);
      }),
      { numRuns: 40 },
    );
    expect(Math.min(pages, removed, added), 'there was something to see').toBeGreaterThan(40);
  },
);
