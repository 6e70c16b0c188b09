import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operatorCodeOf, parsePhone } from '#libs/clients';

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
    ['+49 30/901820', 4_930_901_820],
    ['+39 06 1234567', 39_061_234_567],
    ['+39 (0)6 1234567', 39_061_234_567],
    ['+7 9(0)0 123 45 67', 79_001_234_567],
    ['+380 44 123 4567', 380_441_234_567],
    ['+91 98765 43210', 919_876_543_210],
  ])('%j is %i', (text, phone) => {
    expect(parsePhone(text)).toBe(phone);
  });

  test.each([
    ['', 'nothing'],
    ['+', 'no digit'],
    ['123', 'too short'],
    ['+7900123456', 'a digit too few'],
    ['+790012345678', 'a digit too many'],
    ['9001234567', 'without its country'],
    ['8 (800) 123-45-67', 'a prefix for calls from inside Russia, which reads as Bangladesh'],
    ['+440207946001', 'a zero for calls from inside Britain, not in brackets'],
    ['+999 123456789', 'an unknown country code'],
    ['+1234567890123456', 'more digits than E.164 has'],
    ['+7 900 CALL NOW', 'letters'],
    ['+7 900 123-45-67 x5', 'an extension'],
    ['tel:+79001234567', 'a URI'],
    ['+7 900 123-45-67, +7 900 123-45-68', 'two of them'],
    ['+7+9001234567', 'a plus inside'],
    ['٠٧٩٠٠١٢٣٤٥٦٧', 'digits of another script'],
    ['+7 900 123-45-67\0', 'a NUL'],
    [`+7${' '.repeat(50)}9001234567`, 'endless blanks'],
    [79_001_234_567, 'a number'],
    [null, 'null'],
    [undefined, 'undefined'],
  ] satisfies [unknown, string][])('%j is none: %s', (text: unknown, _reason: string) => {
    expect(parsePhone(text)).toBeUndefined();
  });

  test('is the same in whatever separators stand between its digits', () => {
    const separator = fc.constantFrom('', ' ', '-', '.', '(', ')', '/', '\u00a0');
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
              .map((digit, index) => digit + between[index])
              .join('');
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
