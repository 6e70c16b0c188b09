import { createRequire } from 'node:module';

/** A zone of Unicode's CLDR, with all the names that it has had. */
interface CldrZone {
  /** Separated by spaces, CLDR's own name first. */
  _alias?: string;
  /** The name that IANA prefers now, where that is not CLDR's. */
  _iana?: string;
}

const load = createRequire(import.meta.url);
const { keyword } = load('cldr-bcp47/bcp47/timezone.json') as {
  keyword: { u: { tz: Record<string, CldrZone | string> } };
};

/** `Area/City` as IANA writes it, or UTC; what else there is stands for no place, or for a rule of one country. */
const usableForm = /^(UTC|[A-Z][A-Za-z]+(\/[A-Za-z0-9_+-]+)+)$/;

/**
 * The names of each zone: renamed ones (Europe/Kiev, Europe/Kyiv), never neighbours with the same clock. CLDR tells
 * them apart, IANA's own links do not.
 */
const zones = new Map<string, readonly string[]>();
const preferred = new Map<string, string>();

const cldrZones = Object.entries(keyword.u.tz).flatMap(([key, zone]) => {
  if (typeof zone === 'string') return [];
  const { _alias: names = '', _iana: renamed } = zone;
  return [{ key, names: names.split(' ').filter((name) => name !== ''), renamed }];
});

for (const zone of cldrZones) {
  // GMT is a name of the same clock as UTC, and of no place either.
  if (zone.key === 'gmt' || zone.key === 'unk') continue;
  const gmt = zone.key === 'utc' ? (cldrZones.find(({ key }) => key === 'gmt')?.names ?? []) : [];
  const names = [...zone.names, ...gmt];
  const usable = names.filter((name) => usableForm.test(name));
  const best = names.includes('UTC') ? 'UTC' : (zone.renamed ?? usable[0]);
  for (const name of names) {
    zones.set(name, usable);
    if (best !== undefined) preferred.set(name.toLowerCase(), best);
  }
}

/** Made once: to list them takes a third of a millisecond, and a request may have a thousand unknown names. */
const intlZones = new Set(Intl.supportedValuesOf('timeZone'));

const known = new Map<string, boolean>();

/** Whether it is a name that clients may have, as far as this process can tell; the database has to know it as well. */
export function isUsableZone(name: string): boolean {
  if (!usableForm.test(name)) return false;
  const found = known.get(name);
  if (found !== undefined) return found;
  // Intl takes any capitals, Postgres and the aliases do not: only names of theirs are kept.
  if (!zones.has(name) && !intlZones.has(name)) return false;
  const isKnown = isKnownToIntl(name);
  known.set(name, isKnown);
  return isKnown;
}

function isKnownToIntl(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** What to write instead of a name that clients can't have, in whatever capitals; undefined for what is no name. */
export function usableZone(name: string): string | undefined {
  return preferred.get(name.trim().toLowerCase());
}

/** All usable names of the same zone, itself among them. */
export function aliasesOf(name: string): readonly string[] {
  return zones.get(name) ?? [name];
}
