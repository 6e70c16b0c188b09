import { field, rule, type FieldOptions } from './field.js';
import { PatternField } from './text-fields.js';

/** A point in time with its offset from UTC. */
export function InstantField(options: FieldOptions): PropertyDecorator {
  return field(
    options,
    { type: 'string', format: 'date-time' },
    rule(
      'must be a time with its offset as in RFC 3339, such as 2026-03-01T09:00:00+03:00, in the years 1970 to 9999',
      (value) => parseInstant(value) !== undefined,
    ),
  );
}

/** A time of day on the wall clock of whatever zone it is read in. */
export function LocalTimeField(options: FieldOptions): PropertyDecorator {
  return PatternField({
    ...options,
    pattern: /^([01]\d|2[0-3]):[0-5]\d$/,
    form: 'a time of day as HH:MM, from 00:00 to 23:59',
  });
}

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Reads an RFC 3339 time with its offset, cut to milliseconds; undefined for anything else, for days that
 * don't exist and for years that no mailing has (before 1970, after 9999). A leap second is not read.
 */
export function parseInstant(text: unknown): Date | undefined {
  const match = typeof text === 'string' ? rfc3339.exec(text) : null;
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  // Date.parse moves 30 February on to March without a word.
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) {
    return undefined;
  }
  const instant = new Date(match.input.toUpperCase());
  const resulting = instant.getUTCFullYear();
  return resulting >= 1970 && resulting <= 9999 ? instant : undefined;
}

/** The instant of a value that {@link InstantField} has let through. */
export function instantOf(text: string): Date {
  const instant = parseInstant(text);
  if (!instant) throw new TypeError(`${text} was not validated.`);
  return instant;
}
