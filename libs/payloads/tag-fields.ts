import { treated } from './field.js';
import { TextField, TextListField, type TextListOptions, type TextOptions } from './text-fields.js';

/** Blanks of every width; those that Unicode calls marks or letters although they show as nothing, too. */
const blanks = /[\s\u0085\u180E\u200B\u2060\u2800\u3164\uFFA0]+/g;

/** What directs text and shows nothing: it comes along when a word is copied out of a page. */
const directions = /[\u00AD\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/**
 * UTF-16 units of a text that may be a tag: 64 characters, each in its longest spelling, which has four
 * (https://www.unicode.org/faq/normalization.html, expansion of NFD). What has more is refused for its length, and to
 * normalize it first would take long, as many come in one body.
 */
const MOST_UNITS = 256;

/** Marks that a letter takes up at most, and those that may be left over in a text that may be a tag. */
const MARKS_OF_A_LETTER = 3;
const MOST_LEFT_OVER = 64;

/**
 * The one spelling of a tag: NFC, lower case, without blanks at its ends, inner ones a single space. So a capital or
 * a blank never keeps a client in a mailing that excludes the tag. What is too long for a tag stays as it is.
 */
export function normalTag(tag: string): string {
  const spaced = withoutSpareBlanks(tag.replaceAll(directions, ''));
  if (spaced.length > MOST_UNITS || marksLeftOver(spaced) > MOST_LEFT_OVER) return tag;
  return withoutSpareBlanks(spaced.normalize('NFC').toLowerCase().normalize('NFC'));
}

function withoutSpareBlanks(text: string): string {
  return text.replaceAll(blanks, ' ').trim();
}

/** Marks that no letter takes up. To bring those of one letter into order takes the square of their number. */
function marksLeftOver(text: string): number {
  let leftOver = 0;
  for (const [run] of text.matchAll(/\p{M}+/gu)) {
    if (run.length > MARKS_OF_A_LETTER) leftOver += Math.max(0, Array.from(run).length - MARKS_OF_A_LETTER);
  }
  return leftOver;
}

const normal = (value: unknown) => (typeof value === 'string' ? normalTag(value) : value);

/** A tag; its users see the normal spelling. */
export function TagField(options: TextOptions): PropertyDecorator {
  return TextField(options, treated({ convert: normal }));
}

/** A list of tags. One that is too long is refused as it is. */
export function TagListField(options: TextListOptions): PropertyDecorator {
  const convert = (value: unknown) =>
    Array.isArray(value) && value.length <= options.maxItems ? value.map(normal) : value;
  return TextListField(options, treated({ convert }));
}
