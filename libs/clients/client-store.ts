import { Injectable } from '@nestjs/common';
import { Sql, type Statement } from '#libs/database';
import { cancelMessagesOfClient } from '#libs/messages';
import { excludePlanning } from '#libs/queue/plan';
import { clientColumns } from './client-search.js';
import type { Client } from './client.entity.js';

export interface NewClient {
  phone: number;
  operatorCode: string | null;
  tags: string[];
  timezone: string;
  attributes: Record<string, unknown>;
}

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
