import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How fast a provider and a mailing may be sent to, the calendar in which dispatchers reserve their instants of
 * sending, and how long a provider knows an id again.
 */
export class AddProviderTerms1764000000003 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // Messages a second; no limit where it is null. An id that a provider knows for ever has no lifetime.
    await db.query(`
      ALTER TABLE providers
        ADD COLUMN rate_limit integer CHECK (rate_limit BETWEEN 1 AND 100000),
        ADD COLUMN key_lifetime interval DEFAULT '24 hours' CHECK (key_lifetime > '0')`);
    await db.query(`
      ALTER TABLE mailings ADD COLUMN rate_limit integer CHECK (rate_limit BETWEEN 1 AND 100000)`);

    // What is taken of the next ticks, one small row for each thing with a limit. The column "used" begins at
    // first_tick; a tick is 20 ms, counted from the epoch.
    await db.query(`
      CREATE TABLE slot_calendars (
        scope text NOT NULL CHECK (scope IN ('mailing', 'provider')),
        id bigint NOT NULL,
        first_tick bigint NOT NULL,
        used integer[] NOT NULL DEFAULT '{}',
        PRIMARY KEY (scope, id)
      ) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)`);

    // The slots of all ticks before this one. It is 95 % of the limit: a request that comes 100 ms late does
    // not make too many of the second in which it arrives.
    await db.query(`
      CREATE FUNCTION ems_slots_before(tick bigint, rate_limit integer) RETURNS bigint
      LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT tick * rate_limit * 19 / 1000 $$`);

    // The calendar of one thing; its row is held until the transaction ends. Who makes a row clears away what
    // nobody has used for an hour.
    await db.query(`
      CREATE FUNCTION ems_hold_calendar(of_scope text, of_id bigint) RETURNS slot_calendars
      LANGUAGE plpgsql AS $$
      DECLARE
        calendar slot_calendars;
      BEGIN
        LOOP
          SELECT * INTO calendar FROM slot_calendars WHERE scope = of_scope AND id = of_id FOR NO KEY UPDATE;
          IF FOUND THEN
            RETURN calendar;
          END IF;
          DELETE FROM slot_calendars WHERE (scope, id) IN (
            SELECT scope, id FROM slot_calendars
            WHERE first_tick < extract(epoch FROM ems_now() - interval '1 hour') * 50
            LIMIT 100
            FOR UPDATE SKIP LOCKED);
          INSERT INTO slot_calendars (scope, id, first_tick)
          VALUES (of_scope, of_id, floor(extract(epoch FROM ems_now()) * 50)) ON CONFLICT DO NOTHING;
        END LOOP;
      END
      $$`);

    // Takes up to "wanted" slots of the next 500 ms, the earliest first, for a mailing and its provider
    // together: of each tick at most what both have left. Null is no limit; without any, everything is null. The
    // rows are held in one order.
    //
    // - instants: when the requests may start, spread evenly over each tick; epoch milliseconds.
    // - short_of: which limit ran out when there are fewer than wanted.
    // - free_at: about when it is worth asking again.
    //
    // The clock is read once both rows are held, so that waiting for them costs no slots. Nothing is reserved
    // further ahead than this: slots of a dispatcher that died are lost for 500 ms, and after as long a lowered
    // limit holds.
    await db.query(`
      CREATE FUNCTION ems_reserve_slots(
        mailing bigint, mailing_limit integer, provider bigint, provider_limit integer, wanted integer,
        OUT instants float8[], OUT short_of text, OUT free_at float8
      ) LANGUAGE plpgsql AS $$
      DECLARE
        ahead CONSTANT integer := 25;
        of_mailing slot_calendars;
        of_provider slot_calendars;
        first bigint;
        tick bigint;
        mailing_since integer;
        provider_since integer;
        of_mailing_used integer[] := '{}';
        of_provider_used integer[] := '{}';
        mailing_room integer;
        provider_room integer;
        mailing_left integer := 0;
        taken integer := 0;
        take integer;
        size integer;
        before integer;
      BEGIN
        IF mailing_limit IS NULL AND provider_limit IS NULL THEN
          RETURN;
        END IF;
        IF mailing_limit IS NOT NULL THEN
          of_mailing := ems_hold_calendar('mailing', mailing);
        END IF;
        IF provider_limit IS NOT NULL THEN
          of_provider := ems_hold_calendar('provider', provider);
        END IF;
        instants := '{}';
        first := floor(extract(epoch FROM ems_now()) * 50)::bigint + 1;
        mailing_since := least(greatest(first - of_mailing.first_tick, -ahead), ahead);
        provider_since := least(greatest(first - of_provider.first_tick, -ahead), ahead);
        FOR nth IN 1..ahead LOOP
          tick := first + nth - 1;
          of_mailing_used[nth] := coalesce(of_mailing.used[nth + mailing_since], 0);
          of_provider_used[nth] := coalesce(of_provider.used[nth + provider_since], 0);
          mailing_room := greatest(0, ems_slots_before(tick + 1, mailing_limit)
            - ems_slots_before(tick, mailing_limit) - of_mailing_used[nth]);
          provider_room := greatest(0, ems_slots_before(tick + 1, provider_limit)
            - ems_slots_before(tick, provider_limit) - of_provider_used[nth]);
          IF mailing_limit IS NULL OR (provider_limit IS NOT NULL AND provider_room < mailing_room) THEN
            before := of_provider_used[nth];
            size := provider_room + before;
          ELSE
            before := of_mailing_used[nth];
            size := mailing_room + before;
          END IF;
          take := least(size - before, wanted - taken);
          FOR slot IN 1..take LOOP
            instants := instants || ((tick + (before + slot - 0.5) / size) * 20)::float8;
          END LOOP;
          of_mailing_used[nth] := of_mailing_used[nth] + take;
          of_provider_used[nth] := of_provider_used[nth] + take;
          mailing_left := mailing_left + mailing_room - take;
          taken := taken + take;
        END LOOP;
        IF taken > 0 THEN
          UPDATE slot_calendars SET first_tick = first, used = of_mailing_used
          WHERE mailing_limit IS NOT NULL AND scope = 'mailing' AND id = mailing;
          UPDATE slot_calendars SET first_tick = first, used = of_provider_used
          WHERE provider_limit IS NOT NULL AND scope = 'provider' AND id = provider;
        END IF;
        IF taken < wanted THEN
          short_of := CASE WHEN mailing_limit IS NOT NULL AND mailing_left = 0 THEN 'mailing' ELSE 'provider' END;
          -- The first tick after these that has a slot; it can be reserved when it is "ahead" ticks away.
          SELECT max(ceil((ems_slots_before(first + ahead, r) + 1) * 1000.0 / 19 / r) - 1 - ahead) * 20
          INTO free_at FROM unnest(ARRAY[mailing_limit, provider_limit]) AS r;
        END IF;
      END
      $$`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION ems_reserve_slots`);
    await db.query(`DROP FUNCTION ems_hold_calendar`);
    await db.query(`DROP FUNCTION ems_slots_before`);
    await db.query(`DROP TABLE slot_calendars`);
    await db.query(`ALTER TABLE mailings DROP COLUMN rate_limit`);
    await db.query(`ALTER TABLE providers DROP COLUMN rate_limit, DROP COLUMN key_lifetime`);
  }
}
