/** A value as JSON text, so that it can be one that `JSON.stringify` would not write. */
export interface OddJson {
  name: string;
  json: string;
}

const DEEP = 10_000;

/** Numbers that a double can't hold, holds otherwise than written, or that no column holds. */
const numbers = [
  '0',
  '-0',
  '-1',
  '1.5',
  '1e400',
  '-1e400',
  '1e308',
  '5e-324',
  '1e21',
  '2147483648',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '123456789012345678901234567890',
];

/** Written as JSON, lone surrogates and all. */
const texts = [
  '',
  ' ',
  'NaN',
  'Infinity',
  '-Infinity',
  'null',
  'undefined',
  '1e400',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff\ud800',
  '\u202e\u05d0\u05d1',
  '\ufeff',
  '\u2028',
  'e\u0301'.repeat(70),
  '🎉',
  '𠜎'.repeat(70),
  "'; DROP TABLE clients; --",
  '\\',
  '$1',
  '%00',
  '%s%n',
  '../../etc/passwd',
  '{{7*7}}',
  '__proto__',
  'constructor',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '9999-12-31T23:59:59-23:59',
  '2031-02-29T00:00:00Z',
  '2030-01-01T00:00:60Z',
  '1970-01-01T00:00:00Z',
  '24:00',
  '00:00',
  'UTC',
  '+03:00',
  '+999999999999999',
  '٧٩٠٠١٢٣٤٥٦٧',
];

const words = ['null', 'true', 'false'];

const structures = [
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '[{}]',
  '{"":""}',
  '{"length":3}',
  '{"toString":"x"}',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '["a","a"]',
  '["\\u0000"]',
];

/** Small ones: each of them goes to each place. */
export const oddJson: readonly OddJson[] = [
  ...numbers.map((json) => ({ name: json, json })),
  ...texts.map((text) => ({ name: `text ${shown(text)}`, json: JSON.stringify(text) })),
  ...[...words, ...structures].map((json) => ({ name: json, json })),
];

/** Big ones: some of them go to each place. */
export const hugeJson: readonly OddJson[] = [
  { name: 'nested lists', json: `${'['.repeat(DEEP)}${']'.repeat(DEEP)}` },
  { name: 'nested objects', json: `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}` },
  { name: '100,000 zeros', json: JSON.stringify(Array.from({ length: 100_000 }, () => 0)) },
  { name: '50,000 texts', json: JSON.stringify(Array.from({ length: 50_000 }, (_, nth) => `t${nth}`)) },
  { name: '1,000 texts', json: JSON.stringify(Array.from({ length: 1_000 }, (_, nth) => `t${nth}`)) },
  {
    name: '20,000 names',
    json: JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, nth) => [`n${nth}`, nth]))),
  },
  { name: 'a long text', json: JSON.stringify('x'.repeat(900_000)) },
  { name: 'a long text of 4 bytes each', json: JSON.stringify('🎉'.repeat(200_000)) },
  { name: 'a number of 100,000 digits', json: '9'.repeat(100_000) },
  { name: 'a fraction of 100,000 digits', json: `0.${'1'.repeat(100_000)}` },
  { name: 'digits in a text', json: JSON.stringify('9'.repeat(100_000)) },
  { name: 'blanks', json: JSON.stringify(' '.repeat(100_000)) },
  { name: 'brackets in a text', json: JSON.stringify('('.repeat(100_000)) },
];

/** Percent-encoded, for a segment of a path or the value of a parameter. */
export const oddEncoded: readonly string[] = [
  ...texts.map((text) => encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '�'))),
  ...numbers,
  '01',
  '%2B1',
  '+1',
  '0x1',
  '1%20',
  '1%0d%0aX:1',
  '%ff',
  '%ED%A0%80',
  '%F0%9F%8E%89',
  '%C0%80',
  '%zz',
  '%',
  '1;drop',
  '[1]',
  '{}',
  'x'.repeat(90),
  'x'.repeat(6_000),
];

/** Values of headers: bytes of Latin-1 without control characters, which is all that a client may send. */
export const oddHeaderValues: readonly string[] = [
  '',
  ' ',
  'x',
  '0',
  '-1',
  '1e400',
  'NaN',
  'ÿþý',
  '"',
  ',,,',
  ';;;=',
  '*/*;q=9',
  'Bearer',
  'Bearer ÿ',
  '{"a":1}',
  "' OR 1=1",
  '__proto__',
  '../..',
  '%00',
  'x'.repeat(255),
  'x'.repeat(8_000),
];

function shown(text: string): string {
  return text.length > 40 ? `${JSON.stringify(text.slice(0, 8))} × ${text.length}` : JSON.stringify(text);
}
