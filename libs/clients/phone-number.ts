// The small metadata of the library's own index takes numbers for valid whose ranges do not exist.
import {
  type CountryCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
  type PhoneNumber,
  validatePhoneNumberLength,
} from 'libphonenumber-js/max';
import { LONGEST_PHONE, PhoneRefusal, plainPhone } from './phone-characters.js';

export type { CountryCode };

/** What E.164 allows, country code included, and what the table of clients holds. */
const MOST_DIGITS = 15;

const writtenInFull = 'write the number with + and the country code';

/**
 * Reads a phone number as people, spreadsheets and other programs write it: `+7 (900) 123-45-67` is 79001234567. What
 * begins with `+` or `00`, and any number that is no text, is international: its country code must exist and its
 * length be possible there. Other digits are read as a number of `country`, if one is given and they are in
 * use there. Else they are international only if they are in use as that, as far as the library knows.
 *
 * Returns the digits of E.164 without the plus sign, at most 15, or why there are none.
 */
export function readPhone(value: unknown, country?: CountryCode): number | PhoneRefusal {
  if (typeof value === 'number') return readInteger(value);
  if (typeof value !== 'string') return new PhoneRefusal('must be a string with a phone number');
  if (value.length > LONGEST_PHONE) return new PhoneRefusal(`must have at most ${LONGEST_PHONE} characters`);
  const plain = plainPhone(value);
  if (plain instanceof PhoneRefusal) return plain;
  const text = plain.replace(/^\( ?\+/, '+');
  const wrong = wrongForm(text);
  return wrong === undefined ? readPlain(text, country) : new PhoneRefusal(wrong);
}

/** The number of a text that is one, undefined for any other. */
export function parsePhone(value: unknown, country?: CountryCode): number | undefined {
  const phone = readPhone(value, country);
  return typeof phone === 'number' ? phone : undefined;
}

/** Whether a text is the ISO 3166 code, in capitals, of a country whose numbers can be read. */
export function isCountry(text: unknown): text is CountryCode {
  return typeof text === 'string' && isSupportedCountry(text);
}

/** Russia's operator code: the three digits after +7. Null for other countries, where there is no such thing. */
export function operatorCodeOf(phone: number): string | null {
  const digits = String(phone);
  return digits.startsWith('7') && digits.length === 11 ? digits.slice(1, 4) : null;
}

function readInteger(value: number): number | PhoneRefusal {
  if (!Number.isSafeInteger(value) || value <= 0) {
    return new PhoneRefusal('must be a whole number above 0, or a string');
  }
  return international(String(value)) ?? new PhoneRefusal(whyNotInternational(String(value)));
}

/** What is wrong with the characters that stand where they stand, undefined if nothing is. */
function wrongForm(text: string): string | undefined {
  if (text === '') return 'must not be blank';
  if (!/\d/.test(text)) return 'has no digit';
  if (/^[-.)]/.test(text)) return `begins with "${text.charAt(0)}": ${writtenInFull}`;
  if (text.includes('+', 1)) return 'has a second "+": give one number';
  if (/(^\+?\d+|\d{5,}) ?\. ?0+$/.test(text) || /\d ?\. ?0$/.test(text)) {
    return 'ends in ".0", as spreadsheets write numbers: format the column as text';
  }
  if (/[-.(]$/.test(text)) return `ends with "${text.at(-1)}"`;
  if (/\( ?0 ?\)$/.test(text)) return 'ends with "(0)"';
  if (isAddress(text)) return 'looks like an IP address';
  const digits = text.replaceAll(/\D/g, '').replace(text.startsWith('+') ? '' : /^00/, '').length;
  return digits > MOST_DIGITS
    ? `has ${digits} digits, and a phone number has at most ${MOST_DIGITS}: are these two numbers?`
    : undefined;
}

/** Four numbers up to 255 with dots; pairs of digits throughout are how phone numbers are grouped in some countries. */
function isAddress(text: string): boolean {
  const groups = text.replace(/^\+/, '').split('.');
  return (
    groups.length === 4 &&
    groups.every((group) => /^(0|[1-9]\d{0,2})$/.test(group) && Number(group) <= 255) &&
    groups.some((group) => group.length !== 2)
  );
}

function readPlain(text: string, country: CountryCode | undefined): number | PhoneRefusal {
  const digits = text.replaceAll(/[^\d+]/g, '');
  const bare = withoutPrefix(digits);
  const isInternational = bare !== digits;
  if (zeroInBrackets.test(text)) return readZeroInBrackets(text, isInternational);
  if (isInternational) return international(bare) ?? new PhoneRefusal(whyNotInternational(bare));
  const one = parseInternational(digits);
  const inUse = one?.isValid() ? one : undefined;
  if (country !== undefined) return readNational(digits, country, inUse);
  return inUse === undefined
    ? new PhoneRefusal(`is not an international number in use: ${writtenInFull}`, true)
    : Number(digits);
}

/** `+44 (0)20 ...`, `44 (0)20 ...`: a zero for calls from inside the country whose code is before it. */
const zeroInBrackets = /(?<=\d.*)\( ?0 ?\)/;

/**
 * In most countries the zero is not part of the number, in a few it is (Italy's landlines). Which of the two is in use
 * decides; where both are, one may be another person's. What begins with no `+` has to be in use.
 */
function readZeroInBrackets(text: string, isInternational: boolean): number | PhoneRefusal {
  const spellings = [text.replace(zeroInBrackets, ''), text].map((one) =>
    withoutPrefix(one.replaceAll(/[^\d+]/g, '')),
  );
  const inUse = spellings.filter((digits) => parseInternational(digits)?.isValid());
  if (inUse.length === 2) {
    return new PhoneRefusal(
      `is one number with the zero in brackets and another number without the zero: ${writtenInFull}`,
    );
  }
  if (inUse.length === 0 && !isInternational) {
    return new PhoneRefusal(`is not an international number in use: ${writtenInFull}`);
  }
  const phone = [...inUse, ...spellings].map(international).find((read) => read !== undefined);
  return phone ?? new PhoneRefusal(whyNotInternational(spellings.at(-1) ?? ''));
}

/** Digits without what says that a country code follows. */
function withoutPrefix(digits: string): string {
  return digits.replace(/^(\+|00)/, '');
}

/**
 * The country that was given decides: digits that are in use as a number of it are that number. They are another one
 * if only as that they can be a mobile: national landlines are written with a prefix, and messages go to mobiles. Digits
 * that begin with the country's own code may leave two numbers of one country, and neither is surely the person's.
 */
function readNational(
  digits: string,
  country: CountryCode,
  inUse: PhoneNumber | undefined,
): number | PhoneRefusal {
  const parsed = parsePhoneNumberFromString(digits, { defaultCountry: country, extract: false });
  const national = parsed?.isPossible() && digitsOf(parsed).length <= MOST_DIGITS ? parsed : undefined;
  const read = national?.isValid() ? national : (inUse ?? national);
  if (read === undefined) return new PhoneRefusal(`is not a possible number of ${country}: ${writtenInFull}`);
  if (inUse === undefined || inUse.number === read.number) return Number(digitsOf(read));
  if (isMobile(inUse) && !isMobile(read)) return Number(digits);
  if (digits.startsWith(read.countryCallingCode)) {
    return new PhoneRefusal(
      `is a number of ${country} with a country code and another number without one: ${writtenInFull}`,
    );
  }
  return Number(digitsOf(read));
}

/** In some countries mobiles can't be told from landlines. */
function isMobile(number: PhoneNumber): boolean {
  return ['MOBILE', 'FIXED_LINE_OR_MOBILE'].includes(number.getType() ?? '');
}

function digitsOf({ number }: PhoneNumber): string {
  return number.slice(1);
}

function international(digits: string): number | undefined {
  return parseInternational(digits)?.isPossible() ? Number(digits) : undefined;
}

/** The parser drops a national prefix, which would turn 8 800 ... (Russia, from inside) into Bangladesh. */
function parseInternational(digits: string): PhoneNumber | undefined {
  if (digits.length > MOST_DIGITS) return undefined;
  const number = parsePhoneNumberFromString(`+${digits}`, { extract: false });
  return number?.number === `+${digits}` ? number : undefined;
}

function whyNotInternational(digits: string): string {
  if (digits.length > MOST_DIGITS) {
    return `has ${digits.length} digits, and a phone number has at most ${MOST_DIGITS}`;
  }
  const why = validatePhoneNumberLength(`+${digits}`);
  if (why === 'INVALID_COUNTRY') return `begins with an unknown country code: ${digits.slice(0, 3)}…`;
  if (why === 'TOO_SHORT') return 'has too few digits for its country';
  if (why === 'TOO_LONG') return 'has too many digits for its country';
  if (why === undefined) return 'has a national prefix after the country code: leave out the prefix';
  return 'has a number of digits that is not possible in its country';
}
