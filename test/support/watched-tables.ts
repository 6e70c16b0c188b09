import type { TestApi } from './api.js';

/** What the schema comes with. */
const given = new Set(['time_zones', 'migrations', 'providers', 'clock_offset']);

/**
 * One value that differs whenever any row of any table does: to see, a thousand times a second, that nothing has
 * changed. For tables of a few rows. Sequences don't count: a number that a refused row has used up is no row.
 */
export class WatchedTables {
  private constructor(
    private readonly api: TestApi,
    private readonly tables: readonly string[],
  ) {}

  static async of(api: TestApi): Promise<WatchedTables> {
    const tables = await api.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    return new WatchedTables(
      api,
      tables.map(({ name }) => name),
    );
  }

  async read(): Promise<string> {
    const rows = this.tables
      .filter((name) => name !== 'time_zones')
      .map((name) => `SELECT '${name}' || t::text AS row FROM ${name} t`);
    const text = `SELECT coalesce(string_agg(row, '|' ORDER BY row), '') AS rows FROM (${rows.join(' UNION ALL ')}) r`;
    const [all] = await this.api.query<{ rows: string }>(text);
    return all?.rows ?? '';
  }

  /** A client, a scheduled mailing and a message in doubt, each with the id 1, and nothing else. */
  async reset(): Promise<void> {
    const emptied = this.tables
      .filter((name) => !given.has(name))
      .map((name) => `${name}_emptied AS (DELETE FROM ${name})`);
    await this.api.query(`WITH ${emptied.join(', ')} SELECT`);
    await this.api.query(
      `WITH client AS (
         INSERT INTO clients (id, phone, timezone) OVERRIDING SYSTEM VALUE VALUES (1, 79160000001, 'UTC')
       ), mailing AS (
         INSERT INTO mailings (id, text, start_at, end_at) OVERRIDING SYSTEM VALUE
         VALUES (1, 'Good news.', now() + interval '1 day', now() + interval '2 days')
       )
       INSERT INTO messages (id, mailing_id, client_id, batch_id, phone, status)
       VALUES (1, 1, 1, 1, 79160000001, 'unknown')`,
    );
  }
}
