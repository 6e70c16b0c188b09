import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalTag } from '#libs/payloads';

test.each([
  ['VIP', 'vip'],
  ['  vip ', 'vip'],
  ['Spring \u00a0\u2003 Sale', 'spring sale'],
  ['a\tb\nc', 'a b c'],
  ['e\u0301te\u0301', '\u00e9t\u00e9'],
  ['\u200bvip\ufeff', 'vip'],
  ['\u202avip\u200e', 'vip'],
  ['ВЕСНА', 'весна'],
  ['👨‍👩‍👧', '👨‍👩‍👧'],
  ['\u3164', ''],
])('the tag %j is %j', (given, tag) => {
  expect(normalTag(given)).toBe(tag);
});

test('a tag that is spelled the normal way stays so, and capitals and blanks make no difference', () => {
  const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(word, (given) => {
      const tag = normalTag(given);
      expect(normalTag(tag)).toBe(tag);
      expect(normalTag(` ${given}\u00a0`)).toBe(tag);
      expect(normalTag(given.normalize('NFD'))).toBe(tag);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['letters that have four units', '\u1f82'],
  ['letters beyond U+FFFF that have four units', '\u{1109a}'],
  ['marks that no letter takes up', '\u0316'],
  ['syllables of three letters', '\ud55c'],
  ['letters that take up letters', '\u{16d6a}'],
])('sixty-four %s are a tag, in whichever spelling', (_, letter) => {
  const tag = `${letter === '\u0316' ? 'x' : letter}${letter.repeat(63)}`;
  expect(Array.from(tag.normalize('NFC'))).toHaveLength(64);
  expect(normalTag(tag.normalize('NFD'))).toBe(tag.normalize('NFC'));
});

test.each([
  ['more units than any tag has', `A${'x'.repeat(2_000)}`],
  ['more marks in a row than any tag has', `A${'\u0301\u0316'.repeat(35)}`],
  ['more marks than its letters take up', `A${'\u0301\u0316'.repeat(20)}`.repeat(3)],
  ['more letters than any tag has, each with a mark', 'A\u0301'.repeat(65)],
])('a text of %s is left as it is, for to bring marks into order takes the square of them', (_, given) => {
  expect(normalTag(given)).toBe(given);
});

test('whatever NFC puts together is a character of a tag, as often as there may be characters', () => {
  const leftApart = [];
  for (let point = 0; point < 0x11_00_00; point += 1) {
    if (point >= 0xd8_00 && point <= 0xdf_ff) continue;
    const parts = String.fromCodePoint(point).normalize('NFD');
    if (parts.normalize('NFC') === parts) continue;
    const given = parts.repeat(64);
    const tag = given.toLowerCase().normalize('NFC');
    if (Array.from(tag).length <= 64 && normalTag(given) !== tag) leftApart.push(parts);
  }
  expect(leftApart).toEqual([]);
});
