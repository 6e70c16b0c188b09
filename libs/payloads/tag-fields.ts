import { treated } from './field.js';
import { TextField, TextListField, type TextListOptions, type TextOptions } from './text-fields.js';

/** Blanks of every width; those that Unicode calls marks or letters although they show as nothing, too. */
const blanks = /[\s\u0085\u180E\u200B\u2060\u2800\u3164\uFFA0]+/g;

/** What directs text and shows nothing: it comes along when a word is copied out of a page. */
const directions = /[\u00AD\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/**
 * The one spelling of a tag: NFC, lower case, without blanks at its ends, inner ones a single space. So a capital or
 * a blank never keeps a client in a mailing that excludes the tag.
 */
export function normalTag(tag: string): string {
  const spelled = tag.replaceAll(directions, '').normalize('NFC').toLowerCase().normalize('NFC');
  return spelled.replaceAll(blanks, ' ').trim();
}

const normal = (value: unknown) => (typeof value === 'string' ? normalTag(value) : value);

/** A tag; its users see the normal spelling. */
export function TagField(options: TextOptions): PropertyDecorator {
  return TextField(options, treated({ convert: normal }));
}

/** A list of tags. */
export function TagListField(options: TextListOptions): PropertyDecorator {
  return TextListField(
    options,
    treated({ convert: (value) => (Array.isArray(value) ? value.map(normal) : value) }),
  );
}
