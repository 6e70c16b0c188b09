import type { Client } from 'pg';
import type { DailyWindow, OpenSpan } from './window-oracle.js';

/** What `ems_local_windows` answers; instants in milliseconds since 1970. */
export async function localWindows(
  db: Client,
  zone: string,
  { from, to }: DailyWindow,
  after: number,
  until: number,
) {
  return spans(db, 'SELECT * FROM ems_local_windows($1, $2, $3, $4, $5)', [
    zone,
    from,
    to,
    new Date(after),
    new Date(until),
  ]);
}

/** What `ems_next_window` answers: one span, or none. */
export async function nextWindow(db: Client, zone: string, { from, to }: DailyWindow, after: number) {
  return spans(db, 'SELECT * FROM ems_next_window($1, $2, $3, $4)', [zone, from, to, new Date(after)]);
}

async function spans(db: Client, text: string, values: unknown[]): Promise<OpenSpan[]> {
  const { rows } = await db.query<{ opens_at: Date; closes_at: Date }>(text, values);
  return rows.map((row) => ({ opensAt: row.opens_at.getTime(), closesAt: row.closes_at.getTime() }));
}

/** Spans as text, for answers and messages that can be read. */
export function readable(spans: OpenSpan[]): string[] {
  return spans.map(({ opensAt, closesAt }) => `${utc(opensAt)} to ${utc(closesAt)}`);
}

function utc(instant: number): string {
  return new Date(instant).toISOString().replace(/(:00)?\.000Z$/, 'Z');
}
