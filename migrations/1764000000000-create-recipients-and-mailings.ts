import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The database's clock, the zones it knows, clients, and mailings with the state of their planning. */
export class CreateRecipientsAndMailings1764000000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // The one clock that due times and ends are compared with. Tests shift it; production leaves it at zero.
    await db.query(`
      CREATE TABLE clock_offset (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        by_interval interval NOT NULL DEFAULT '0'
      )`);
    await db.query(`INSERT INTO clock_offset DEFAULT VALUES`);
    await db.query(`
      CREATE FUNCTION ems_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
        SELECT clock_timestamp() + by_interval FROM clock_offset
      $$`);

    // pg_timezone_names reads the zone files at each query (60 ms and more), so the names are kept here.
    await db.query(`CREATE TABLE time_zones (name text PRIMARY KEY)`);
    await db.query(`
      CREATE FUNCTION ems_refresh_time_zones() RETURNS void LANGUAGE sql AS $$
        INSERT INTO time_zones (name)
        SELECT name FROM pg_timezone_names
        WHERE name = 'UTC' OR (name LIKE '%/%' AND name NOT LIKE 'posix/%' AND name NOT LIKE 'right/%')
        ON CONFLICT DO NOTHING
      $$`);
    await db.query(`SELECT ems_refresh_time_zones()`);

    await db.query(`
      CREATE TABLE clients (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        phone bigint NOT NULL CONSTRAINT clients_phone_key UNIQUE
          CHECK (phone BETWEEN 1 AND 999999999999999),
        operator_code text,
        tags text[] NOT NULL DEFAULT '{}',
        timezone text NOT NULL CONSTRAINT clients_timezone_fkey REFERENCES time_zones (name),
        attributes jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      )`);
    await db.query(`CREATE INDEX clients_tags ON clients USING gin (tags)`);
    await db.query(`CREATE INDEX clients_operator_code ON clients (operator_code, id)`);
    await db.query(`CREATE INDEX clients_timezone ON clients (timezone, id)`);

    await db.query(`
      CREATE TYPE mailing_status AS ENUM ('scheduled', 'running', 'paused', 'completed', 'cancelled')`);
    // Each pause, resume, cancel and change of the end takes a number, so that dispatchers can confirm it.
    await db.query(`CREATE SEQUENCE mailing_control_version`);
    await db.query(`
      CREATE TABLE mailings (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        text text NOT NULL,
        audience jsonb NOT NULL DEFAULT '{}',
        start_at timestamptz NOT NULL,
        end_at timestamptz NOT NULL,
        window_from time,
        window_to time,
        priority smallint NOT NULL DEFAULT 0,
        status mailing_status NOT NULL DEFAULT 'scheduled',
        control_version bigint NOT NULL DEFAULT 0,
        control_at timestamptz,
        plan_cursor bigint NOT NULL DEFAULT 0,
        plan_upto bigint,
        plan_fence bigint NOT NULL DEFAULT 0,
        plan_lease_until timestamptz,
        planned_at timestamptz,
        started_at timestamptz,
        finished_at timestamptz,
        deleted_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT mailings_end_after_start CHECK (end_at > start_at),
        CONSTRAINT mailings_window_whole CHECK ((window_from IS NULL) = (window_to IS NULL)),
        CONSTRAINT mailings_window_not_empty CHECK (window_from <> window_to)
      ) WITH (fillfactor = 70)`);
    // What the duties look through again and again stays as small as what is going on.
    await db.query(`
      CREATE INDEX mailings_unplanned ON mailings (start_at)
      WHERE planned_at IS NULL AND status <> 'cancelled' AND deleted_at IS NULL`);
    await db.query(`
      CREATE INDEX mailings_unfinished ON mailings (id)
      WHERE started_at IS NOT NULL AND finished_at IS NULL`);
    await db.query(`CREATE INDEX mailings_status ON mailings (status, id)`);
    await db.query(`CREATE INDEX mailings_control_at ON mailings (control_at) WHERE control_at IS NOT NULL`);
    await db.query(`CREATE INDEX mailings_deleted ON mailings (id) WHERE deleted_at IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE mailings`);
    await db.query(`DROP SEQUENCE mailing_control_version`);
    await db.query(`DROP TYPE mailing_status`);
    await db.query(`DROP TABLE clients`);
    await db.query(`DROP FUNCTION ems_refresh_time_zones`);
    await db.query(`DROP TABLE time_zones`);
    await db.query(`DROP FUNCTION ems_now`);
    await db.query(`DROP TABLE clock_offset`);
  }
}
