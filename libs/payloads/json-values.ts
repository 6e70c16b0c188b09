import { Problem } from '#libs/problems';

/**
 * Fields and items of one payload. To parse this many costs 20 ms, during which nobody else is served; a megabyte
 * may have ten times as many.
 */
export const MOST_VALUES = 50_000;

const [quote, backslash, comma, brace, bracket] = [0x22, 0x5c, 0x2c, 0x7b, 0x5b];

/**
 * Throws a {@link Problem} for JSON of more than {@link MOST_VALUES} values, before it is parsed. What is no JSON is
 * left to the parser.
 */
export function requireFewValues(json: Uint8Array): void {
  // Each value but the first of an object or list comes after a comma.
  if (json.length <= MOST_VALUES) return;
  let values = 1;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (byte === quote) at = endOfString(json, at);
    else if (byte === comma || byte === brace || byte === bracket) values += 1;
  }
  if (values > MOST_VALUES) {
    throw Problem.invalid([
      {
        path: '',
        message: `must have at most ${MOST_VALUES} fields and items, nested ones included`,
      },
    ]);
  }
}

function endOfString(json: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at;
}
