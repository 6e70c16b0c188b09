import type { Audience } from '#libs/mailings';
import { aliasesOf, normalTag } from '#libs/payloads';

/** A WHERE condition over `clients c`; its parameters are numbered from `firstParameter`. */
export interface AudienceFilter {
  /** Which lists the condition has; part of the prepared statement's name. */
  readonly shape: string;
  readonly condition: string;
  readonly values: readonly (readonly string[])[];
}

/** What clients have of a value of the audience. */
type Spellings = (value: string) => readonly string[];

const asGiven: Spellings = (value) => [value];

/** A mailing that an older version has added may have other spellings, and be met by clients of either. */
const ofTag: Spellings = (tag) => [normalTag(tag), tag];

const parts: readonly {
  key: keyof Audience;
  letter: string;
  spellings: Spellings;
  sql: (parameter: string) => string;
}[] = [
  {
    key: 'operatorCodes',
    letter: 'o',
    spellings: asGiven,
    sql: (p) => `c.operator_code = ANY (${p}::text[])`,
  },
  { key: 'tags', letter: 't', spellings: ofTag, sql: (p) => `c.tags && ${p}::text[]` },
  { key: 'excludeTags', letter: 'x', spellings: ofTag, sql: (p) => `NOT c.tags && ${p}::text[]` },
  { key: 'timezones', letter: 'z', spellings: aliasesOf, sql: (p) => `c.timezone = ANY (${p}::text[])` },
];

/**
 * Inside a list any value matches, between lists all must; an absent list filters nothing, so an empty
 * audience is everyone. Only the lists that are there become SQL, so that each shape gets a plan of its own. A time
 * zone is asked for by all of its names here, so that a million rows need nothing but their index.
 */
export function audienceFilter(audience: Audience, firstParameter: number): AudienceFilter {
  const present = parts.filter((part) => audience[part.key] !== undefined);
  return {
    shape: present.map((part) => part.letter).join('') || 'all',
    condition: present.map((part, index) => part.sql(`$${firstParameter + index}`)).join(' AND ') || 'true',
    values: present.map((part) => [...new Set((audience[part.key] ?? []).flatMap(part.spellings))]),
  };
}
