import { itemsRule, rule, type FieldOptions } from './field.js';
import { TextField, TextListField, type TextListOptions } from './text-fields.js';
import { isUsableZone, usableZone } from './time-zone-names.js';

const LONGEST_NAME = 64;

/** The IANA name of a time zone, kept as given. */
export function ZoneField(options: FieldOptions): PropertyDecorator {
  return TextField({ ...options, max: LONGEST_NAME }, rule(whyNot, isUsable));
}

/** A list of such names. */
export function ZoneListField(options: Omit<TextListOptions, 'max'>): PropertyDecorator {
  return TextListField({ ...options, max: LONGEST_NAME }, itemsRule(options.maxItems, whyNot, isUsable));
}

function isUsable(value: unknown): boolean {
  return typeof value === 'string' && isUsableZone(value);
}

function whyNot(value: unknown): string {
  const instead = typeof value === 'string' ? usableZone(value) : undefined;
  const advice = instead === undefined ? ', such as Europe/Moscow' : `: use ${instead}`;
  return `must be an Area/City name of the IANA time zones, or UTC${advice}`;
}
