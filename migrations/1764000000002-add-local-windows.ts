import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When a zone's wall clock reads within a window of the day, as instants. This is the only place that turns
 * local times into instants; see docs/decisions/local-windows.md for what it decides in gaps and overlaps.
 */
export class AddLocalWindows1764000000002 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // Instants are held as UTC timestamps without a zone, so that the session's TimeZone has no say in any
    // sum. A zone without a slash in its name may be read as an abbreviation (CET as +01 all year, MST by
    // the session's zone): time_zones holds no such name but UTC.
    await db.query(`
      CREATE FUNCTION ems_utc_offset(zone text, utc timestamp) RETURNS interval
      LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT utc AT TIME ZONE 'UTC' AT TIME ZONE zone - utc
      $$`);

    // Every maximal [opens_at, closes_at) in which the wall clock reads within [window_from, window_to), that
    // closes after "after" and opens before "until", in order. A window_to before window_from is on the next
    // day; equal ones are never open. None when an argument is NULL; an unknown zone or an infinite instant is
    // an error.
    //
    // Postgres takes a local time in a gap or an overlap for some instant without a word, so nothing is
    // converted from local time: time is cut where the offset changes, and between two cuts a day's window is
    // a plain subtraction. What touches is merged again.
    //
    // - One change at most in a day is assumed; in tzdata two of a zone are never less than 167 hours apart.
    // - Three days before and after: a window stays open for 48 hours and a repeated one at most, when a jump
    //   swallows the time in which it is closed.
    // - A generic plan, since planning takes three times longer than running; the setting also keeps the body
    //   out of the caller's plan, where row estimates of hundreds of zones would start JIT compilation.
    await db.query(`
      CREATE FUNCTION ems_local_windows(
        zone text, window_from time, window_to time, after timestamptz, until timestamptz
      ) RETURNS TABLE (opens_at timestamptz, closes_at timestamptz)
      LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10 SET plan_cache_mode = force_generic_plan AS $$
        WITH utc_days AS (
          SELECT begins, ends,
            ems_utc_offset(zone, begins) AS offset_at_begin,
            ems_utc_offset(zone, ends) AS offset_at_end
          FROM generate_series(-3, floor(extract(epoch FROM until - after) / 86400)::integer + 4) AS nth
          CROSS JOIN LATERAL (VALUES (
            date_trunc('day', after AT TIME ZONE 'UTC') + nth * interval '1 day',
            date_trunc('day', after AT TIME ZONE 'UTC') + (nth + 1) * interval '1 day'
          )) AS day (begins, ends)
        ),
        days_with_change AS (
          SELECT utc_days.*,
            CASE WHEN offset_at_begin = offset_at_end THEN ends ELSE (
              SELECT min(second)
              FROM (
                SELECT min(mark) AS first_after
                FROM generate_series(begins, ends, interval '5 minutes') AS mark
                WHERE ems_utc_offset(zone, mark) <> offset_at_begin
              ) AS five_minutes
              CROSS JOIN generate_series(
                first_after - interval '5 minutes', first_after, interval '1 second'
              ) AS second
              WHERE ems_utc_offset(zone, second) <> offset_at_begin
            ) END AS changes
          FROM utc_days
        ),
        spans_of_one_offset AS (
          SELECT tsrange(begins, changes) AS span, offset_at_begin AS utc_offset FROM days_with_change
          UNION ALL
          SELECT tsrange(changes, ends), offset_at_end FROM days_with_change WHERE changes < ends
        ),
        open_spans AS (
          SELECT unnest(range_agg(span * tsrange(
            local_day + window_from - utc_offset,
            local_day + window_to - utc_offset
              + CASE WHEN window_to < window_from THEN interval '1 day' ELSE interval '0' END
          ))) AS span
          FROM spans_of_one_offset
          CROSS JOIN LATERAL generate_series(
            date_trunc('day', lower(span) + utc_offset) - interval '1 day',
            upper(span) + utc_offset,
            interval '1 day'
          ) AS local_day
        )
        SELECT lower(span) AT TIME ZONE 'UTC', upper(span) AT TIME ZONE 'UTC'
        FROM open_spans
        WHERE upper(span) > after AT TIME ZONE 'UTC' AND lower(span) < until AT TIME ZONE 'UTC'
        ORDER BY span
      $$`);

    // The window that is open at "after", or else the next one. Four days reach past a day that a zone skipped
    // and a window that fell into a gap, so there is a row whenever window_from and window_to differ.
    await db.query(`
      CREATE FUNCTION ems_next_window(zone text, window_from time, window_to time, after timestamptz)
      RETURNS TABLE (opens_at timestamptz, closes_at timestamptz)
      LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
        SELECT opens_at, closes_at
        FROM ems_local_windows(zone, window_from, window_to, after, after + interval '96 hours')
        ORDER BY opens_at
        LIMIT 1
      $$`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION ems_next_window`);
    await db.query(`DROP FUNCTION ems_local_windows`);
    await db.query(`DROP FUNCTION ems_utc_offset`);
  }
}
