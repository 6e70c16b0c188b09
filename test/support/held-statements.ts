import type { Sql } from '#libs/database';

/** Resolves once `count` statements of this database wait for a lock that somebody else holds. */
export async function untilWaiting(sql: Sql, count = 1): Promise<void> {
  const text = `
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await sql.query({ name: '', text })).length < count);
}

/** The clock, but waiting at a gate that a test can shut. Not in SQL: that would wait before the snapshot is taken. */
const gatedClock = `
  CREATE OR REPLACE FUNCTION ems_now() RETURNS timestamptz LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock_shared(1);
    RETURN (SELECT clock_timestamp() + by_interval FROM clock_offset);
  END $$`;

/**
 * Runs a statement of the code from a snapshot that does not have what `meanwhile` commits. It is held up where
 * it reads the clock, which it does first, so `meanwhile` may not read the clock.
 */
export async function fromBefore<Result>(
  sql: Sql,
  meanwhile: () => Promise<unknown>,
  statement: () => Promise<Result>,
): Promise<Result> {
  const find = { name: '', text: `SELECT pg_get_functiondef('ems_now'::regproc) AS definition` };
  const [clock] = await sql.query<{ definition: string }>(find);
  await sql.query({ name: '', text: gatedClock });
  try {
    const { result } = await sql.transaction(async (gate) => {
      await gate.query({ name: '', text: 'SELECT pg_advisory_xact_lock(1)' });
      const held = { result: statement() };
      await untilWaiting(sql);
      await meanwhile();
      return held;
    });
    return await result;
  } finally {
    await sql.query({ name: '', text: clock?.definition ?? '' });
  }
}
