import { Injectable } from '@nestjs/common';
import { Sql, type Statement } from '#libs/database';
import { cancelMessagesOfClient, excludePlanning } from '#libs/messages';
import { clientColumns } from './client-search.js';
import type { Client } from './client.entity.js';

export interface NewClient {
  phone: number;
  operatorCode: string | null;
  tags: string[];
  timezone: string;
  attributes: Record<string, unknown>;
}

/** What became of one client of a batch: a row, or the reason why there is none. */
export type BatchOutcome = Client | 'phone taken' | 'time zone unknown';

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

const insert: Statement = {
  name: 'insert-client',
  text: `
    INSERT INTO clients (phone, operator_code, tags, timezone, attributes) VALUES ($1, $2, $3, $4, $5)
    RETURNING id, created_at AS "createdAt", updated_at AS "updatedAt"`,
};

const find: Statement = {
  name: 'find-client',
  text: `SELECT ${clientColumns} FROM clients WHERE id = $1`,
};

const remove: Statement = {
  name: 'delete-client',
  text: `DELETE FROM clients WHERE id = $1 RETURNING id`,
};

/** What is done to clients by prepared statements: the calls that come by the thousand, and those beyond single rows. */
@Injectable()
export class ClientStore {
  constructor(private readonly sql: Sql) {}

  /**
   * Adds a client; throws what Postgres throws for a phone that is taken and a time zone that is not known. What was
   * given is not read back: Postgres would describe each column again in each answer.
   */
  async insert({ phone, operatorCode, tags, timezone, attributes }: NewClient): Promise<Client> {
    const values = [phone, operatorCode, tags, timezone, attributes];
    const [row] = await this.sql.query<Pick<Client, 'id' | 'createdAt' | 'updatedAt'>>(insert, values);
    if (!row) throw new Error('An INSERT gave no row');
    const { id, createdAt, updatedAt } = row;
    return { id, phone, operatorCode, tags, timezone, attributes, createdAt, updatedAt };
  }

  async find(id: number): Promise<Client | undefined> {
    return (await this.sql.query<Client>(find, [id]))[0];
  }

  /** Adds what can be added, in one statement; the outcomes are in the order of `clients`. */
  async insertBatch(clients: readonly NewClient[]): Promise<BatchOutcome[]> {
    const given = JSON.stringify(clients.map((client, place) => ({ place, ...client })));
    const rows = await this.sql.query<Client & { zoneUnknown: boolean; id: number | null }>(insertBatch, [
      given,
    ]);
    return rows.map(({ zoneUnknown, ...client }) => {
      if (zoneUnknown) return 'time zone unknown';
      return client.id === null ? 'phone taken' : client;
    });
  }

  /**
   * Deletes a client and cancels what it has not been sent yet, in one transaction; statistics keep what was.
   * Returns false when there is no such client.
   */
  delete(id: number): Promise<boolean> {
    return this.sql.transaction(async (transaction) => {
      await excludePlanning(transaction);
      const gone = await transaction.query(remove, [id]);
      if (gone.length === 0) return false;
      await cancelMessagesOfClient(transaction, id);
      return true;
    });
  }
}
