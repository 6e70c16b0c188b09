import { Injectable } from '@nestjs/common';
import { isRefusedData, Sql, type SqlExecutor, type Statement } from '#libs/database';
import { clientColumns } from './client-search.js';
import type { NewClient } from './client-store.js';
import type { Client } from './client.entity.js';

/** What became of one client of a batch: a row, or the reason why there is none. */
export type BatchOutcome = Client | 'phone taken' | 'time zone unknown' | { refusedBy: unknown };

/**
 * Inserts in the order of phones, so that two batches with the same phones can't wait for each other in a
 * circle. A phone that is there already, or twice in the batch, is left out rather than an error.
 */
const insertBatch: Statement = {
  name: 'insert-clients',
  text: `
    WITH given AS (
      SELECT one.*, zone.name IS NULL AS "zoneUnknown"
      FROM jsonb_to_recordset($1) AS one
        (place integer, phone bigint, "operatorCode" text, tags text[], timezone text, attributes jsonb)
      LEFT JOIN time_zones zone ON zone.name = one.timezone
    ), first_of_its_phone AS (
      SELECT DISTINCT ON (phone) * FROM given WHERE NOT "zoneUnknown" ORDER BY phone, place
    ), inserted AS (
      INSERT INTO clients (phone, operator_code, tags, timezone, attributes)
      SELECT phone, "operatorCode", tags, timezone, attributes FROM first_of_its_phone ORDER BY phone
      ON CONFLICT (phone) DO NOTHING
      RETURNING ${clientColumns}
    )
    SELECT given."zoneUnknown", inserted.*
    FROM given
    LEFT JOIN first_of_its_phone first ON first.place = given.place
    LEFT JOIN inserted ON inserted.phone = first.phone
    ORDER BY given.place`,
};

const savepoint: Statement = { name: 'savepoint-clients', text: 'SAVEPOINT clients' };
const undo: Statement = { name: 'undo-clients', text: 'ROLLBACK TO SAVEPOINT clients' };
const release: Statement = { name: 'release-clients', text: 'RELEASE SAVEPOINT clients' };

/** Clients of one statement: what Postgres answers is read at once, tags and attributes included. */
const PART = 100;

/** Writes clients by the hundred. */
@Injectable()
export class ClientBatchStore {
  constructor(private readonly sql: Sql) {}

  /**
   * Adds what can be added, in one transaction; the outcomes are in the order of `clients`. They go in parts, by
   * phone over all of them, so that no answer of Postgres is long to read. Only if Postgres refuses a part for what
   * is in a row, halves of it are tried until the row is found.
   */
  async insert(clients: readonly NewClient[]): Promise<BatchOutcome[]> {
    const ordered = clients
      .map((client, place) => ({ client, place }))
      .toSorted((one, other) => one.client.phone - other.client.phone);
    return this.sql.transaction(async (transaction) => {
      const outcomes: BatchOutcome[] = [];
      for (let at = 0; at < ordered.length; at += PART) {
        const part = ordered.slice(at, at + PART);
        const made = await insertWithoutRefused(
          transaction,
          part.map(({ client }) => client),
        );
        for (const [nth, outcome] of made.entries()) {
          const place = part[nth]?.place;
          if (place !== undefined) outcomes[place] = outcome;
        }
      }
      return outcomes;
    });
  }
}

async function insertWithoutRefused(
  transaction: SqlExecutor,
  clients: readonly NewClient[],
): Promise<BatchOutcome[]> {
  await transaction.query(savepoint);
  try {
    const outcomes = await insertAll(transaction, clients);
    await transaction.query(release);
    return outcomes;
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    await transaction.query(undo);
    await transaction.query(release);
    if (clients.length === 1) return [{ refusedBy: error }];
  }
  const half = Math.ceil(clients.length / 2);
  const first = await insertWithoutRefused(transaction, clients.slice(0, half));
  return [...first, ...(await insertWithoutRefused(transaction, clients.slice(half)))];
}

async function insertAll(transaction: SqlExecutor, clients: readonly NewClient[]): Promise<BatchOutcome[]> {
  const given = JSON.stringify(clients.map((client, place) => ({ place, ...client })));
  const rows = await transaction.query<Client & { zoneUnknown: boolean; id: number | null }>(insertBatch, [
    given,
  ]);
  return rows.map(({ zoneUnknown, ...client }) => {
    if (zoneUnknown) return 'time zone unknown';
    return client.id === null ? 'phone taken' : client;
  });
}
