import { treated } from './field.js';
import { TextField, TextListField, type TextListOptions, type TextOptions } from './text-fields.js';

/** Blanks of every width; those that Unicode calls marks or letters although they show as nothing, too. */
const blanks = /[\s\u0085\u180E\u200B\u2060\u2800\u3164\uFFA0]+/g;

/** What directs text and shows nothing: it comes along when a word is copied out of a page. */
const directions = /[\u00AD\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/**
 * UTF-16 units of a text that may be a tag: 64 characters in their longest spelling, with blanks to spare. What has
 * more is refused for its length, and to normalize it first may take seconds.
 */
const MOST_UNITS = 1_024;

/**
 * Marks in a row of a text that may be a tag. A letter takes up three at most, so more leave above 64 characters. To
 * bring them into order takes the square of their number, and many tags come in one body.
 */
const MOST_MARKS = 67;

/**
 * The one spelling of a tag: NFC, lower case, without blanks at its ends, inner ones a single space. So a capital or
 * a blank never keeps a client in a mailing that excludes the tag. What is too long for a tag stays as it is.
 */
export function normalTag(tag: string): string {
  if (tag.length > MOST_UNITS) return tag;
  const directed = tag.replaceAll(directions, '');
  if (longestRunOfMarks(directed) > MOST_MARKS) return tag;
  const spelled = directed.normalize('NFC').toLowerCase().normalize('NFC');
  return spelled.replaceAll(blanks, ' ').trim();
}

function longestRunOfMarks(text: string): number {
  if (text.length <= MOST_MARKS) return 0;
  let longest = 0;
  for (const [run] of text.matchAll(/\p{M}+/gu)) {
    if (run.length > longest) longest = Math.max(longest, Array.from(run).length);
  }
  return longest;
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
