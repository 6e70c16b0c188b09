import { Injectable } from '@nestjs/common';
import { ReadSql } from '#libs/database';
import type { Client } from './client.entity.js';

export interface ClientFilter {
  phone: number | undefined;
  operatorCode: string | undefined;
  timezone: string | undefined;
  tag: string | undefined;
}

/** What makes a row a {@link Client}. */
export const clientColumns = `
  id, phone, operator_code AS "operatorCode", tags, timezone, attributes,
  created_at AS "createdAt", updated_at AS "updatedAt"`;

const conditions = [
  { key: 'phone', sql: (parameter: string) => `phone = ${parameter}` },
  { key: 'operatorCode', sql: (parameter: string) => `operator_code = ${parameter}` },
  { key: 'timezone', sql: (parameter: string) => `timezone = ${parameter}` },
] as const;

/** How many clients are looked at before a tag is taken for a rare one. */
const WALKED = 10_000;

/** Finds clients by what they have, however many there are. */
@Injectable()
export class ClientSearch {
  constructor(private readonly sql: ReadSql) {}

  /** The next `count` clients after the id `after` that match everything given, by id. */
  async find({ tag, ...filter }: ClientFilter, after: number, count: number): Promise<Client[]> {
    const given = conditions.filter(({ key }) => filter[key] !== undefined);
    const where = ['id > $1', ...given.map(({ sql }, index) => sql(`$${index + 3}`))].join(' AND ');
    const name = ['find-clients', ...given.map(({ key }) => key)].join('-');
    const values = [after, count, ...given.map(({ key }) => filter[key])];
    if (tag === undefined) {
      return this.sql.query(
        { name, text: `SELECT ${clientColumns} FROM clients WHERE ${where} ORDER BY id LIMIT $2` },
        values,
      );
    }
    const tagged = `tags @> ARRAY[$${values.length + 1}::text]`;
    const near = await this.sql.query<Client>({ name: `${name}-near`, text: nearText(where, tagged) }, [
      ...values,
      tag,
    ]);
    if (near.length === count) return near;
    return this.sql.query({ name: `${name}-far`, text: farText(where, tagged) }, [...values, tag]);
  }
}

/**
 * A common tag is soon found by walking through the ids, a rare one by its index alone. Postgres does not know
 * how rare a tag is that is not among the most common ones, and would walk through all clients to find it.
 */
function nearText(where: string, tagged: string): string {
  return `
    SELECT ${clientColumns}
    FROM (SELECT * FROM clients WHERE ${where} ORDER BY id LIMIT ${WALKED}) AS walked
    WHERE ${tagged} ORDER BY id LIMIT $2`;
}

/** An order that no index has leaves the index of the tags to be used. */
function farText(where: string, tagged: string): string {
  return `
    SELECT ${clientColumns} FROM clients
    WHERE ${where} AND ${tagged} ORDER BY id + 0 LIMIT $2`;
}
