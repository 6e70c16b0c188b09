import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Clients a statement looks through: some ten milliseconds, and as many rows locked at most. */
const PAGE = 5_000;

/** As the API spells tags from this migration on; what it did is not changed by a later spelling. */
function spelled(tag: string): string {
  const shown = tag.replaceAll(/[\u00AD\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, '');
  const lower = shown.normalize('NFC').toLowerCase().normalize('NFC');
  return lower.replaceAll(/[\s\u0085\u180E\u200B\u2060\u2800\u3164\uFFA0]+/g, ' ').trim();
}

/** Names that Postgres has had and that are refused from now on, with the zone that each was. */
const formerZones: Record<string, string> = {
  'US/Pacific-New': 'America/Los_Angeles',
  'SystemV/AST4': 'America/Puerto_Rico',
  'SystemV/AST4ADT': 'America/Halifax',
  'SystemV/EST5': 'America/Panama',
  'SystemV/EST5EDT': 'America/New_York',
  'SystemV/CST6': 'America/Regina',
  'SystemV/CST6CDT': 'America/Chicago',
  'SystemV/MST7': 'America/Phoenix',
  'SystemV/MST7MDT': 'America/Denver',
  'SystemV/PST8': 'Pacific/Pitcairn',
  'SystemV/PST8PDT': 'America/Los_Angeles',
  'SystemV/YST9': 'Pacific/Gambier',
  'SystemV/YST9YDT': 'America/Anchorage',
  'SystemV/HST10': 'Pacific/Honolulu',
};

/**
 * Tags are kept in one spelling, so that no capital and no blank keeps a client in a mailing that excludes the tag.
 * Not one transaction but pages of clients, each its own: a big table is neither locked nor kept from vacuum.
 *
 * Audiences come first and get the new spellings beside the old ones, so that each client matches before, while and
 * after its own tags are spelled anew. Whatever breaks off is done again as a whole, to the same end.
 */
export class SpellTagsOneWay1764000000007 implements MigrationInterface {
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await spellAudiences(db);
    const changes = await changedTags(db);
    if (changes.size > 0) await spellClients(db, changes);
    for (const [former, zone] of Object.entries(formerZones)) {
      await db.query(
        `UPDATE clients SET timezone = $2 WHERE timezone = $1 AND EXISTS (SELECT FROM time_zones WHERE name = $2)`,
        [former, zone],
      );
    }
  }

  /** The new spelling is as good to the version before, and nobody knows the old one any more. */
  async down(): Promise<void> {}
}

/** Of mailings that may still be planned; what is over is kept as it was asked for. */
async function spellAudiences(db: QueryRunner): Promise<void> {
  const mailings = (await db.query(`
    SELECT id, audience FROM mailings
    WHERE planned_at IS NULL AND audience ?| ARRAY['tags', 'excludeTags', 'timezones']`)) as {
    id: number;
    audience: Record<string, string[]>;
  }[];
  for (const { id, audience } of mailings) {
    const widened = Object.fromEntries(
      Object.entries(audience).map(([key, values]) => [key, widen(key, values)]),
    );
    if (JSON.stringify(widened) === JSON.stringify(audience)) continue;
    // One that was changed meanwhile was changed by people, who are told what they have chosen.
    await db.query('UPDATE mailings SET audience = $2 WHERE id = $1 AND audience = $3', [
      id,
      widened,
      audience,
    ]);
  }
}

function widen(key: string, values: string[]): string[] {
  if (key === 'timezones') return [...new Set(values.map((zone) => formerZones[zone] ?? zone))];
  if (key !== 'tags' && key !== 'excludeTags') return values;
  return [...new Set([...values, ...values.map(spelled).filter((tag) => tag !== '')])];
}

/** Each tag in use that is spelled otherwise now; there are thousands of tags in millions of clients at most. */
async function changedTags(db: QueryRunner): Promise<Map<string, string>> {
  const used = (await db.query('SELECT DISTINCT unnest(tags) AS tag FROM clients')) as { tag: string }[];
  return new Map(
    used.map(({ tag }) => [tag, spelled(tag)] as const).filter(([tag, becomes]) => tag !== becomes),
  );
}

/** Only clients that have such a tag are written. The order of their tags stays, and each is there once. */
async function spellClients(db: QueryRunner, changes: ReadonlyMap<string, string>): Promise<void> {
  const [{ last } = { last: 0 }] = (await db.query('SELECT coalesce(max(id), 0) AS last FROM clients')) as {
    last: number;
  }[];
  const [from, to] = [[...changes.keys()], [...changes.values()]];
  for (let after = 0; after < last; after += PAGE) {
    await db.query(
      `WITH changes AS (
        SELECT * FROM unnest($3::text[], $4::text[]) AS change (tag, becomes)
      ), spelled AS (
        SELECT c.id, (
          SELECT coalesce(array_agg(tag ORDER BY place), '{}') FROM (
            SELECT coalesce(change.becomes, given.tag) AS tag, min(given.place) AS place
            FROM unnest(c.tags) WITH ORDINALITY AS given (tag, place)
            LEFT JOIN changes change ON change.tag = given.tag
            WHERE coalesce(change.becomes, given.tag) <> ''
            GROUP BY 1
          ) AS once) AS tags
        FROM clients c
        WHERE c.id > $1 AND c.id <= $2 AND c.tags && $3::text[]
        ORDER BY c.id
        FOR NO KEY UPDATE
      )
      UPDATE clients c SET tags = spelled.tags FROM spelled WHERE c.id = spelled.id`,
      [after, after + PAGE, from, to],
    );
  }
}
