import { Injectable } from '@nestjs/common';
import { ReadSql } from '#libs/database';
import type { Client } from './client.entity.js';

export interface ClientFilter {
  phone: number | undefined;
  operatorCode: string | undefined;
  /** All names of one time zone. */
  timezones: readonly string[] | undefined;
  tag: string | undefined;
}

/** What makes a row a {@link Client}. */
export const clientColumns = `
  id, phone, operator_code AS "operatorCode", tags, timezone, attributes,
  created_at AS "createdAt", updated_at AS "updatedAt"`;

/** How many clients are looked at before a tag is taken for a rare one. */
const WALKED = 10_000;

/** The conditions that rows are found by, with their values; the first two are the id before and the page's size. */
interface Search {
  /** Which conditions there are; part of the prepared statements' names. */
  name: string;
  where: string;
  /** The parameters with the names of a zone that has several. */
  zones: readonly string[];
  values: unknown[];
}

/** Finds clients by what they have, however many there are. */
@Injectable()
export class ClientSearch {
  constructor(private readonly sql: ReadSql) {}

  /** The next `count` clients after the id `after` that match everything given, by id. */
  async find({ tag, ...filter }: ClientFilter, after: number, count: number): Promise<Client[]> {
    const search = searchFor(filter, after, count);
    if (tag === undefined) {
      const text = `SELECT ${clientColumns} FROM ${rows(search, '$2')} ORDER BY id LIMIT $2`;
      return this.sql.query({ name: search.name, text }, search.values);
    }
    const tagged = `tags @> ARRAY[$${search.values.length + 1}::text]`;
    const values = [...search.values, tag];
    const near = { name: `${search.name}-near`, text: nearText(search, tagged) };
    const found = await this.sql.query<Client>(near, values);
    if (found.length === count) return found;
    return this.sql.query({ name: `${search.name}-far`, text: farText(search, tagged) }, values);
  }
}

function searchFor(
  { phone, operatorCode, timezones }: Omit<ClientFilter, 'tag'>,
  after: number,
  count: number,
): Search {
  const search: Search = { name: 'find-clients', where: 'id > $1', zones: [], values: [after, count] };
  const add = (name: string, value: unknown) => {
    search.name += `-${name}`;
    return `$${search.values.push(value)}`;
  };
  if (phone !== undefined) search.where += ` AND phone = ${add('phone', phone)}`;
  if (operatorCode !== undefined) search.where += ` AND operator_code = ${add('operatorCode', operatorCode)}`;
  if (timezones?.length === 1) search.where += ` AND timezone = ${add('timezone', timezones[0])}`;
  else if (timezones) {
    search.name += `-${timezones.length}-timezones`;
    search.zones = timezones.map((name) => `$${search.values.push(name)}`);
  }
  return search;
}

/**
 * The first rows of a search by id, at least as many as `most`. Of a zone with several names, the first of each name
 * are read: the index has them in order for one name only.
 */
function rows({ where, zones }: Search, most: string): string {
  if (zones.length === 0) return `clients WHERE ${where}`;
  // Each name by itself: how common it is decides which index is read.
  const named = zones.map(
    (zone) => `(SELECT * FROM clients WHERE ${where} AND timezone = ${zone} ORDER BY id LIMIT ${most})`,
  );
  return `(${named.join(' UNION ALL ')}) AS clients`;
}

/**
 * A common tag is soon found by walking through the ids, a rare one by its index alone. Postgres does not know
 * how rare a tag is that is not among the most common ones, and would walk through all clients to find it.
 */
function nearText(search: Search, tagged: string): string {
  return `
    SELECT ${clientColumns}
    FROM (SELECT * FROM ${rows(search, String(WALKED))} ORDER BY id LIMIT ${WALKED}) AS walked
    WHERE ${tagged} ORDER BY id LIMIT $2`;
}

/** An order that no index has leaves the index of the tags to be used. */
function farText({ where, zones }: Search, tagged: string): string {
  const ofZone = zones.length === 0 ? '' : `AND timezone IN (${zones.join(', ')})`;
  return `
    SELECT ${clientColumns} FROM clients
    WHERE ${where} ${ofZone} AND ${tagged} ORDER BY id + 0 LIMIT $2`;
}
