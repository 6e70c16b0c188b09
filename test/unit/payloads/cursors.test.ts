import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Cursors } from '#libs/payloads';
import { Problem } from '#libs/problems';

const cursors = new Cursors('things');

test('a cursor leads back to the key it was written from', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (key) => {
      expect(cursors.read(cursors.write(key))).toBe(key);
      expect(cursors.write(key)).toMatch(/^[\w-]+$/);
    }),
  );
  expect(cursors.read(undefined)).toBeUndefined();
});

test('anything else is refused, other lists and other spellings included', () => {
  const good = cursors.write(7);
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  for (const cursor of [
    'x',
    `${good}=`,
    `${good} `,
    new Cursors('others').write(7),
    encode('things'),
    encode('things:'),
    encode('things:-0'),
    encode('things:7.0'),
    encode('things:07'),
    encode('things:1e3'),
    encode('things:7:8'),
    encode(`things:${2 ** 53}`),
  ]) {
    expect(() => cursors.read(cursor), cursor).toThrow(Problem);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => cursors.read(text)).toThrow(Problem);
    }),
  );
});

test('a page has a next one only when a row more than asked for was found', () => {
  const page = (rows: number[], limit: number) =>
    cursors.page(
      rows,
      limit,
      (row) => row,
      (row) => `#${row}`,
    );
  expect(page([], 2)).toEqual({ items: [], nextCursor: null });
  expect(page([1, 2], 2)).toEqual({ items: ['#1', '#2'], nextCursor: null });
  expect(page([1, 2, 3], 2)).toEqual({ items: ['#1', '#2'], nextCursor: cursors.write(2) });
});
