/** Why a text is no phone number. */
export class PhoneRefusal {
  constructor(
    /** Reads on from the field's path; never the number itself, as errors are logged. */
    readonly message: string,
    /** Whether it may be a number of the country that was not given. */
    readonly needsCountry = false,
  ) {}
}

/** The longest text that is looked at, in UTF-16 units: a phone number with every typographic habit there is. */
export const LONGEST_PHONE = 64;

/** Zeros of the scripts whose digits are read: full-width, Arabic-Indic, and those of Persian and Urdu. */
const zeros = [0xff10, 0x0660, 0x06f0];

/** Spellings of one character; the dashes are those of Unicode, the minus sign and the Japanese length mark. */
const spellings: readonly [pattern: RegExp, plain: string][] = [
  [/[+\uFE62\uFF0B]/, '+'],
  [/[-\u2010-\u2015\u2212\u2043\u30FC\uFE58\uFE63\uFF0D]/, '-'],
  [/[.\uFF0E\uFE52]/, '.'],
  [/[([\uFF08\uFF3B\uFE59]/, '('],
  [/[)\]\uFF09\uFF3D\uFE5A]/, ')'],
  [/[\t\p{Zs}]/u, ' '],
];

/** Line ends part two numbers rather than the groups of one. */
const lineEnd = /[\n\v\f\r\u0085\u2028\u2029]/;

/** Marks, joiners, fillers and directions that show nothing. */
const invisible = /[\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * Drops what can't be seen and brings digits, dashes, brackets and blanks to one spelling each. What it returns is
 * ASCII: digits, `+`, spaces, `-`, `.`, `(` and `)`, without blanks at the ends; or why a character can't be there.
 */
export function plainPhone(given: string): string | PhoneRefusal {
  let text = '';
  for (const character of given.trim()) {
    if (invisible.test(character)) continue;
    const plain = plainCharacter(character);
    if (plain === undefined) return new PhoneRefusal(wrongCharacter(character, given));
    text += plain;
  }
  return text.trim();
}

function plainCharacter(character: string): string | undefined {
  if (/\d/.test(character)) return character;
  const point = character.codePointAt(0) ?? 0;
  const zero = zeros.find((one) => point >= one && point <= one + 9);
  if (zero !== undefined) return String(point - zero);
  return spellings.find(([pattern]) => pattern.test(character))?.[1];
}

function wrongCharacter(character: string, given: string): string {
  const named = nameOf(character);
  if (/^\s*[+\d][\d.,]*e[+-]?\d+\s*$/i.test(given)) {
    return `has ${named}: a spreadsheet has rounded the number; format the column as text`;
  }
  if (/^\s*\+?\d+,0+\s*$/.test(given))
    return `ends in ",0", as spreadsheets write numbers: format the column as text`;
  if (/\d.*(ext|[x#;\u00D7\uFF58\uFF03])/iu.test(given) && /[ext#;x\u00D7\uFF58\uFF03]/i.test(character)) {
    return `has ${named}, which begins an extension: leave the extension out`;
  }
  if (lineEnd.test(character) || /[,/|&\\\uFF0C\uFF0F\u3001]/.test(character)) {
    return `has ${named}, which separates two numbers: give one number`;
  }
  return `has ${named}, which is not allowed in a phone number`;
}

/** The character as it looks, where it shows, and its code point. */
function nameOf(character: string): string {
  const point = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(character) ? `"${character}" (U+${point})` : `U+${point}`;
}
