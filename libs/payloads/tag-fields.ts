import { type FieldOptions, treated } from './field.js';
import { LoopTurn } from './loop-turn.js';
import { TextField, TextListField, type TextListOptions } from './text-fields.js';

/** Blanks of every width; those that Unicode calls marks or letters although they show as nothing, too. */
const blanks = /[\s\u0085\u180E\u200B\u2060\u2800\u3164\uFFA0]+/g;

/** What directs text and shows nothing: it comes along when a word is copied out of a page. */
const directions = /[\u00AD\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** Code points of a tag at most, and its UTF-16 units in the longest spelling: U+16D6A has six of them in Unicode 17. */
const MOST_CHARACTERS = 64;
const MOST_UNITS = 6 * MOST_CHARACTERS;

/**
 * The one spelling of a tag: NFC, lower case, without blanks at its ends, inner ones a single space. So a capital or
 * a blank never keeps a client in a mailing that excludes the tag. What is too long for a tag stays as it is: it is
 * refused for its length, and to normalize it first takes long, as many come in one body.
 */
export function normalTag(tag: string): string {
  const spaced = withoutSpareBlanks(tag.replaceAll(directions, ''));
  if (spaced.length > MOST_UNITS || charactersAtLeast(spaced) > MOST_CHARACTERS) return tag;
  // What is composed last stays lower case: no small letter and its marks make a capital.
  return withoutSpareBlanks(spaced.toLowerCase().normalize('NFC'));
}

function withoutSpareBlanks(text: string): string {
  return text.replaceAll(blanks, ' ').trim();
}

/** Marks that one character takes up at most, in NFC of Unicode 17: those of U+1F82. */
const TAKEN_UP_AT_MOST = 3;

/** Code points that are left in NFC, at the least. NFC itself takes the square of the marks that it has to sort. */
function charactersAtLeast(text: string): number {
  let inOrder = 0;
  let left = 0;
  // By hand, as an iterator's strings take three times as long.
  for (let at = 0, point; at < text.length; at += point > 0xff_ff ? 2 : 1) {
    point = text.codePointAt(at)!;
    const kind = kindOf(point);
    inOrder = kind === Kind.sorted ? inOrder + 1 : 0;
    if (kind === Kind.letter || inOrder > TAKEN_UP_AT_MOST) left += 1;
  }
  return left;
}

enum Kind {
  unknown,
  /** Stands for itself, whatever comes before it. */
  letter,
  /** May be taken up by what comes before it, however many there are: vowel signs and the letters of a syllable. */
  joining,
  /** A mark that NFC brings into order with its neighbours, and that takes up no other. */
  sorted,
}

const joining = /[\p{M}\u1161-\u1175\u11A8-\u11C2\u{16D67}]/u;

/** The mark that comes after all others. */
const LAST = '\u0345';

/** By code point. */
const kinds = new Uint8Array(0x11_00_00);

/** Asks Unicode's tables once for each code point: a list of tags asks a hundred thousand times. */
function kindOf(point: number): Kind {
  kinds[point] ||= askedKind(String.fromCodePoint(point));
  return kinds[point];
}

function askedKind(character: string): Kind {
  if (!joining.test(character)) return Kind.letter;
  return character === LAST || (LAST + character).normalize('NFD').endsWith(LAST)
    ? Kind.sorted
    : Kind.joining;
}

const normal = (value: unknown) => (typeof value === 'string' ? normalTag(value) : value);

/** A tag; its users see the normal spelling. */
export function TagField(options: FieldOptions): PropertyDecorator {
  return TextField({ ...options, max: MOST_CHARACTERS }, treated({ convert: normal }));
}

/** A list of tags. One that is too long is refused as it is. Others wait for no more than a few tags of it. */
export function TagListField(options: Omit<TextListOptions, 'max'>): PropertyDecorator {
  const convert = (value: unknown) =>
    Array.isArray(value) && value.length <= options.maxItems ? normalInTurns(value) : value;
  return TextListField({ ...options, max: MOST_CHARACTERS }, treated({ convert }));
}

async function normalInTurns(values: readonly unknown[]): Promise<unknown[]> {
  const turn = new LoopTurn();
  const spelled: unknown[] = [];
  for (const value of values) {
    if (turn.isOver) await turn.next();
    spelled.push(normal(value));
  }
  return spelled;
}
