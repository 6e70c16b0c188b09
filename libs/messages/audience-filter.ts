import type { Audience } from '#libs/mailings';

/** A WHERE condition over `clients c`; its parameters are numbered from `firstParameter`. */
export interface AudienceFilter {
  /** Which lists the condition has; part of the prepared statement's name. */
  readonly shape: string;
  readonly condition: string;
  readonly values: readonly (readonly string[])[];
}

const parts = [
  { key: 'operatorCodes', letter: 'o', sql: (p: string) => `c.operator_code = ANY (${p}::text[])` },
  { key: 'tags', letter: 't', sql: (p: string) => `c.tags && ${p}::text[]` },
  { key: 'excludeTags', letter: 'x', sql: (p: string) => `NOT c.tags && ${p}::text[]` },
  { key: 'timezones', letter: 'z', sql: (p: string) => `c.timezone = ANY (${p}::text[])` },
] as const;

/**
 * Inside a list any value matches, between lists all must; an absent list filters nothing, so an empty
 * audience is everyone. Only the lists that are there become SQL, so that each shape gets a plan of its own.
 */
export function audienceFilter(audience: Audience, firstParameter: number): AudienceFilter {
  const present = parts.filter((part) => audience[part.key] !== undefined);
  return {
    shape: present.map((part) => part.letter).join('') || 'all',
    condition: present.map((part, index) => part.sql(`$${firstParameter + index}`)).join(' AND ') || 'true',
    values: present.map((part) => audience[part.key] ?? []),
  };
}
