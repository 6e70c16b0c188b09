/** What stands in for a phone number: nothing of the number is left, for four digits and a name tell who it is. */
const PHONE = '[phone]';

const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`;

/** Digits that are no phone, and that people need: IPv4 addresses, RFC 3339 dates with their time, UUIDs. */
const NO_PHONE = [
  String.raw`(?<![+\p{Nd}.])(?:${OCTET}\.){3}${OCTET}(?!\.?\p{Nd})`,
  String.raw`(?<!\p{Nd})(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?(?!\p{Nd})`,
  String.raw`\b[\da-fA-F]{8}-(?:[\da-fA-F]{4}-){3}[\da-fA-F]{12}\b`,
].join('|');

/** Between two digits of a number: blanks, invisible characters, dashes and brackets, also as a URL or HTML has them. */
const GAP = String.raw`(?:[\s\p{Cf}\p{Pd}\u2212.()[\]/_+]|%(?:20|2[89BDEbdef]|[Aa]0|[Cc]2%[Aa]0)|&(?:nbsp|#x?[\da-fA-F]{1,4});)`;

/** Seven digits at least, in any script; a comma or apostrophe is that of thousands. A path's version is not in it. */
const ANY_PHONE = String.raw`(?<!/v)\+?\p{Nd}(?:(?:${GAP}{0,3}|[,'’])\p{Nd}){6,}`;

const numbers = new RegExp(`(${NO_PHONE})|${ANY_PHONE}`, 'gu');

/**
 * Puts `[phone]` in the place of whatever may be a phone number: seven digits or more, in any script, with up to
 * three separators between each two. IPv4 addresses, dates with their times, and UUIDs stay; so do shorter
 * numbers, such as statuses and codes. A longer id of somebody else's is lost with the phones.
 */
export function maskPhones(text: string): string {
  return text.replace(numbers, (_found, kept: string | undefined) => kept ?? PHONE);
}
