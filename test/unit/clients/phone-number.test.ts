import * as fc from 'fast-check';
import examples from 'libphonenumber-js/mobile/examples';
import { getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { describe, expect, test } from 'vitest';
import { type CountryCode, operatorCodeOf, parsePhone, type PhoneRefusal, readPhone } from '#libs/clients';

/** What the column of the clients holds. */
const fits = (phone: number) => Number.isSafeInteger(phone) && phone >= 1 && phone <= 999_999_999_999_999;

const callingCodeOf = (country: CountryCode) => getExampleNumber(country, examples)?.countryCallingCode;

describe('a phone number', () => {
  test.each([
    ['+7 (900) 123-45-67', 79_001_234_567],
    ['+79001234567', 79_001_234_567],
    ['79001234567', 79_001_234_567],
    ['0079001234567', 79_001_234_567],
    ['00 7 900 123 45 67', 79_001_234_567],
    ['  +7.900.123.45.67 ', 79_001_234_567],
    ['+7\u00a0900\u2011123\u201145\u201167', 79_001_234_567],
    ['+44 (0)20 7946 0018', 442_079_460_018],
    ['+44 20 7946 0018', 442_079_460_018],
    ['+1 (202) 555-0123', 12_025_550_123],
    ['+33.1.23.45.67.00', 33_123_456_700],
    ['+39 06 1234567', 39_061_234_567],
    ['+39 (0)6 1234567', 39_061_234_567],
    ['+44 ( 0 ) 7911 123456', 447_911_123_456],
    ['+48 (0)512 345 678', 48_512_345_678],
    ['0048 (0)512 345 678', 48_512_345_678],
    ['+420 (0) 601 123 456', 420_601_123_456],
    ['+39 (0)347 1234567', 393_471_234_567],
    ['49 (0)171 1234567', 491_711_234_567],
    ['39 (0)6 1234567', 39_061_234_567],
    ['+7 9(0)0 123 45 67', 79_001_234_567],
    ['+380 44 123 4567', 380_441_234_567],
    ['+91 98765 43210', 919_876_543_210],
    ['\u202a+7\u200e900\u200b1234567\u202c\ufeff', 79_001_234_567],
    ['+7\u2009900\u2007123\u300045\u202f67', 79_001_234_567],
    ['＋７（９００）１２３－４５－６７', 79_001_234_567],
    ['+٧٩٠٠١٢٣٤٥٦٧', 79_001_234_567],
    ['+۷۹۰۰۱۲۳۴۵۶۷', 79_001_234_567],
    ['+7 − 900 – 123 ‑ 45 67', 79_001_234_567],
    ['+7 [900] 123.45.67', 79_001_234_567],
    ['(+7) 900 123 45 67', 79_001_234_567],
    [79_001_234_567, 79_001_234_567],
    [491_711_234_567_8, 4_917_112_345_678],
    ['491711234567', 491_711_234_567],
    ['+62 812 3456 7890 12', 62_812_345_678_901_2],
  ])('%j is %i', (text: string | number, phone) => {
    expect(parsePhone(text)).toBe(phone);
  });

  test.each([
    ['', 'must not be blank'],
    ['\u200b \u00a0', 'must not be blank'],
    ['+', 'has no digit'],
    ['123', 'is not an international number in use: write the number with + and the country code'],
    ['+123', 'has too few digits for its country'],
    ['+7900123456', 'has too few digits for its country'],
    ['+790012345678', 'has a number of digits that is not possible in its country'],
    ['+1 202 555 012 345', 'has too many digits for its country'],
    ['9001234567', 'is not an international number in use: write the number with + and the country code'],
    [
      '8 (800) 123-45-67',
      'is not an international number in use: write the number with + and the country code',
    ],
    ['49171123456', 'is not an international number in use: write the number with + and the country code'],
    ['+440207946001', 'has a national prefix after the country code: leave out the prefix'],
    ['+999 123456789', 'begins with an unknown country code: 999…'],
    ['+49 6691 12345 67890', 'has 16 digits, and a phone number has at most 15: are these two numbers?'],
    ['0049 6691 12345 67890', 'has 16 digits, and a phone number has at most 15: are these two numbers?'],
    ['+81 90 1234 5678 9012', 'has 16 digits, and a phone number has at most 15: are these two numbers?'],
    ['79001234567 79007654321', 'has 22 digits, and a phone number has at most 15: are these two numbers?'],
    ['+7 900 123-45-67 +7 900 765-43-21', 'has a second "+": give one number'],
    ['+7+9001234567', 'has a second "+": give one number'],
    ['+79001234567, +79007654321', 'has "," (U+002C), which separates two numbers: give one number'],
    ['+79001234567\n79007654321', 'has U+000A, which separates two numbers: give one number'],
    ['+49 30/901820', 'has "/" (U+002F), which separates two numbers: give one number'],
    ['+79001234567;ext=5', 'has ";" (U+003B), which begins an extension: leave the extension out'],
    ['+7 900 123-45-67 x5', 'has "x" (U+0078), which begins an extension: leave the extension out'],
    ['+7 900 123-45-67 ext. 5', 'has "e" (U+0065), which begins an extension: leave the extension out'],
    ['+7 900 123-45-67#5', 'has "#" (U+0023), which begins an extension: leave the extension out'],
    [
      '+39 (0)312 3456789',
      'is one number with the zero in brackets and another number without the zero: write the number with + and the country code',
    ],
    ['49 (0)171 12', 'is not an international number in use: write the number with + and the country code'],
    ['+49 171 1234567 (0)', 'ends with "(0)"'],
    ['491711234567 .0', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['491711234567. 0', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['+491711234567 .00', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['491711234567.0', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['+491711234567.00', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['+49 1711234567.0', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['49 1711234567.0', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['+49-171-1234567.0', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['0049 171 1234567.0', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['+49 171 1234567.000', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['+49 171 123 45 67.0', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['491711234567,0', 'ends in ",0", as spreadsheets write numbers: format the column as text'],
    ['4.91711E+11', 'has "E" (U+0045): a spreadsheet has rounded the number; format the column as text'],
    ['192.168.10.100', 'looks like an IP address'],
    ['+192.168.10.100', 'looks like an IP address'],
    ['-79001234567', 'begins with "-": write the number with + and the country code'],
    ['\u221279001234567', 'begins with "-": write the number with + and the country code'],
    ['+79001234567-', 'ends with "-"'],
    ['tel:+79001234567', 'has "t" (U+0074), which is not allowed in a phone number'],
    ['+7 9O0 123-45-67', 'has "O" (U+004F), which is not allowed in a phone number'],
    ['+७९००', 'has "७" (U+096D), which is not allowed in a phone number'],
    ['+7 900 123-45-67\0', 'has U+0000, which is not allowed in a phone number'],
    ['\ud83d', 'has U+D83D, which is not allowed in a phone number'],
    [`+7${' '.repeat(70)}9001234567`, 'must have at most 64 characters'],
    [0, 'must be a whole number above 0, or a string'],
    [-79_001_234_567, 'must be a whole number above 0, or a string'],
    [7.5, 'must be a whole number above 0, or a string'],
    [1_234_567_890_123_456, 'has 16 digits, and a phone number has at most 15'],
    [null, 'must be a string with a phone number'],
    [undefined, 'must be a string with a phone number'],
  ] satisfies [unknown, string][])('%j: %s', (text: unknown, message: string) => {
    expect(readPhone(text)).toMatchObject({ message });
  });

  test.each([
    ['0171 1234567', 'DE', 491_711_234_567],
    ['8 (900) 123-45-67', 'RU', 79_001_234_567],
    ['9001234567', 'RU', 79_001_234_567],
    ['79001234567', 'RU', 79_001_234_567],
    ['(202) 555-0123', 'US', 12_025_550_123],
    ['12025550123', 'US', 12_025_550_123],
    ['612 34 56 78', 'ES', 34_612_345_678],
    ['12.34.56.78', 'DK', 4_512_345_678],
    ['06 1234 5678', 'IT', 390_612_345_678],
    ['491711234567', 'DE', 491_711_234_567],
    ['79001234567', 'DE', 79_001_234_567],
    ['33612345678', 'DE', 33_612_345_678],
    ['493012345678', 'DE', 493_012_345_678],
    ['1711234567', 'DE', 491_711_234_567],
    ['079001234567', 'DE', 4_979_001_234_567],
    ['187 6749 1634', 'CN', 8_618_767_491_634],
    ['646-345-6789', 'US', 16_463_456_789],
    ['(479) 234-5678', 'US', 14_792_345_678],
    ['328 1234567', 'IT', 393_281_234_567],
    ['+39 390 281 4972', 'IT', 393_902_814_972],
    ['79001234567', 'US', 79_001_234_567],
    ['+79001234567', 'DE', 79_001_234_567],
    ['0079001234567', 'DE', 79_001_234_567],
    [79_001_234_567, 'DE', 79_001_234_567],
  ] satisfies [string | number, CountryCode, number][])('%j of %s is %i', (text, country, phone) => {
    expect(readPhone(text, country)).toBe(phone);
  });

  test.each([
    ['123', 'DE', 'is not a possible number of DE: write the number with + and the country code'],
    [
      '390 281 4972',
      'IT',
      'is a number of IT with a country code and another number without one: write the number with + and the country code',
    ],
    ['0171 1234567.0', 'DE', 'ends in ".0", as spreadsheets write numbers: format the column as text'],
    ['-01711234567', 'DE', 'begins with "-": write the number with + and the country code'],
  ] satisfies [string, CountryCode, string][])('%j of %s: %s', (text, country, message) => {
    expect((readPhone(text, country) as PhoneRefusal).message).toBe(message);
  });

  test('a mobile one of any country with a zero in brackets is that one, or refused', () => {
    const others = (Object.keys(examples) as CountryCode[]).flatMap((country) => {
      const {
        countryCallingCode = '',
        nationalNumber = '',
        number,
      } = getExampleNumber(country, examples) ?? {};
      const written = `${countryCallingCode} (0)${nationalNumber}`;
      return [readPhone(`+${written}`), readPhone(written), readPhone(written, country)].filter(
        (read) => typeof read === 'number' && `+${read}` !== number,
      );
    });
    expect(others).toEqual([]);
  });

  test('whatever text is given, there is a number that the database takes, or a reason', () => {
    const pieces = fc.oneof(
      fc.constantFrom(...'+ 0123456789-.()[]/x#;,\u200e\u00a0\n٣７e'.split(''), '00', '.0', 'ext', '49', '7'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    const text = fc.oneof(
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
      fc.stringMatching(/^(\+|00)?\d{1,20}(\.0)?$/),
    );
    const country = fc.constantFrom<CountryCode | undefined>(
      undefined,
      'DE',
      'RU',
      'US',
      'IT',
      'JP',
      'ID',
      'DK',
    );
    fc.assert(
      fc.property(fc.oneof(text, fc.double(), fc.anything()), country, (given, of) => {
        const phone = readPhone(given, of);
        if (typeof phone === 'number') {
          expect(fits(phone)).toBe(true);
          expect(readPhone(`+${phone}`), 'reads as itself').toBe(phone);
        } else {
          expect(phone.message.length).toBeGreaterThan(5);
          expect(phone.message, 'does not tell the number').not.toMatch(/\d{7}/);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test.each<CountryCode>([
    'CN',
    'US',
    'DE',
    'IT',
    'RU',
    'GB',
    'FR',
    'IN',
    'BR',
    'ES',
    'PL',
    'AR',
    'NG',
    'NO',
  ])('a mobile one of %s as it is written there is never another one', (country) => {
    const example = String(getExampleNumber(country, examples)?.nationalNumber);
    const kept = fc.integer({ min: 1, max: 4 });
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 12, maxLength: 12 });
    let read = 0;
    const number = (length: number, others: readonly number[]) => {
      const national = (example.slice(0, length) + others.join('')).slice(0, example.length);
      const one = parsePhoneNumberFromString(`+${callingCodeOf(country)}${national}`, { extract: false });
      const isOwn = one?.country === country && one.nationalNumber === national;
      return isOwn && /MOBILE/.test(one.getType() ?? '') ? one : undefined;
    };
    fc.assert(
      fc.property(kept, digits, (length, others) => {
        const mobile = number(length, others);
        if (mobile === undefined) return;
        const phone = readPhone(mobile.nationalNumber, country);
        if (typeof phone === 'number') expect(`+${phone}`).toBe(mobile.number);
        else expect(phone.message).toContain('with a country code and another number without one');
        if (typeof phone === 'number') read += 1;
        expect(readPhone(mobile.number.slice(1), country), 'in full').toSatisfy(
          (full) => typeof full !== 'number' || `+${full}` === mobile.number,
        );
      }),
      { numRuns: 1_000, seed: 20_301 },
    );
    expect(read).toBeGreaterThan(100);
  });

  test('is the same in whatever separators stand between its digits', () => {
    const separator = fc.constantFrom('', ' ', '-', '.', '(', ')', '\u00a0', '\u200e');
    const subscriber = fc.integer({ min: 9_000_000_000, max: 9_999_999_999 }).map((number) => `7${number}`);
    fc.assert(
      fc.property(
        subscriber,
        fc.array(separator, { minLength: 11, maxLength: 11 }),
        fc.constantFrom('', '+', '00'),
        (digits, between, prefix) => {
          const text =
            prefix +
            digits
              .split('')
              .map((digit, index) => digit + (index < 10 ? between[index] : ''))
              .join('');
          // Four groups with dots, and no plus, are an address; zeros after a last dot are a spreadsheet's.
          fc.pre(!/^[\d.]+$|\.0+$/.test(text.replaceAll('\u200e', '')));
          expect(parsePhone(text)).toBe(Number(digits));
          expect(parsePhone(String(parsePhone(text)))).toBe(Number(digits));
        },
      ),
    );
  });
});

test.each([
  [79_001_234_567, '900'],
  [77_011_234_567, '701'],
  [12_025_550_123, null],
  [919_876_543_210, null],
  [71_234_567, null],
])('the operator code of %i is %s', (phone, code) => {
  expect(operatorCodeOf(phone)).toBe(code);
});
