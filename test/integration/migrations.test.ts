import { expect, test } from 'vitest';
import { revertMigrations, runMigrations, Sql } from '#libs/database';
import { migrations } from '#migrations';
import { createTestDatabase } from '../support/services.js';

/** Everything that a migration may leave behind, as lines that can be read in a difference. */
const catalogue = `
  SELECT format('%s %s %s', relkind, relname, array_to_string(reloptions, ' ')) AS line
  FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT format('column %s.%s %s %s null:%s default:%s identity:%s', c.relname, a.attname, a.attnum,
    format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
  WHERE c.relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT format('%s %s %s', conname, conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
  UNION ALL
  SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
  UNION ALL
  SELECT format('type %s %s %s', typname, typtype,
    (SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
  FROM pg_type t WHERE typnamespace = 'public'::regnamespace
  UNION ALL
  SELECT format('trigger %s', tgname) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
  SELECT format('row of providers %s', row_to_json(p)) FROM providers p
  UNION ALL
  SELECT format('clock offset %s', by_interval) FROM clock_offset
  UNION ALL
  SELECT format('%s time zones', count(*)) FROM time_zones
  ORDER BY 1`;

/** What is left when no migration is: TypeORM's own list of them. */
const leftovers = `
  SELECT relname AS name FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i' AND relname NOT LIKE 'schema_migrations%'
  UNION ALL
  SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL
  SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
    AND typname NOT IN ('schema_migrations', '_schema_migrations')`;

test('every migration can be taken back, and all of them run again to the same schema', async () => {
  const database = await createTestDatabase();
  const lines = async (text: string) => {
    const sql = new Sql({ url: database.url, poolSize: 1, applicationName: 'migrations-test' });
    try {
      return await sql.query<{ line: string }>({ name: '', text });
    } finally {
      await sql.close();
    }
  };
  try {
    const before = await lines(catalogue);
    expect(before.length).toBeGreaterThan(100);
    expect(await runMigrations(database.url), 'there is nothing left to do').toEqual([]);

    await revertMigrations(database.url, migrations.length);
    expect(await lines(leftovers)).toEqual([]);

    expect(await runMigrations(database.url)).toEqual(migrations.map(({ name }) => name));
    expect(await lines(catalogue)).toEqual(before);
  } finally {
    await database.drop();
  }
});

test('processes that migrate at the same time take turns', async () => {
  const database = await createTestDatabase();
  try {
    await revertMigrations(database.url, migrations.length);
    const done = await Promise.all([1, 2, 3].map(() => runMigrations(database.url)));

    expect(done.toSorted((a, b) => b.length - a.length)).toEqual([
      migrations.map(({ name }) => name),
      [],
      [],
    ]);
  } finally {
    await database.drop();
  }
});
