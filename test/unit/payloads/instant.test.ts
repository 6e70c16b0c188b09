import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseInstant } from '#libs/payloads';

test.each([
  ['2026-03-01T09:00:00Z', '2026-03-01T09:00:00.000Z'],
  ['2026-03-01T09:00:00+03:00', '2026-03-01T06:00:00.000Z'],
  ['2026-03-01T09:00:00.1-03:30', '2026-03-01T12:30:00.100Z'],
  ['2026-03-01t09:00:00.123456789z', '2026-03-01T09:00:00.123Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ['2026-03-01T09:00:00-00:00', '2026-03-01T09:00:00.000Z'],
])('%s is %s', (text, instant) => {
  expect(parseInstant(text)?.toISOString()).toBe(instant);
});

test.each([
  '2026-03-01T09:00:00',
  '2026-03-01',
  '2026-03-01 09:00:00Z',
  '2026-03-01T09:00Z',
  '2026-3-1T09:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T23:60:00Z',
  '2016-12-31T23:59:60Z',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00+0300',
  '2026-01-01T00:00:00.Z',
  '+10000-01-01T00:00:00Z',
  '1969-12-31T23:59:59Z',
  '1970-01-01T00:00:00+00:01',
  '9999-12-31T23:59:59-00:01',
  ' 2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00Z\n',
  'now',
  '',
  1_764_000_000_000,
  null,
  undefined,
])('%j is no instant', (text) => {
  expect(parseInstant(text)).toBeUndefined();
});

test('whatever a Date writes is read as the same, in any offset', () => {
  const anyInstant = fc.date({ min: new Date(86_400_000), max: new Date('9999-12-30'), noInvalidDate: true });
  fc.assert(
    fc.property(anyInstant, fc.integer({ min: -1_439, max: 1_439 }), (instant, offset) => {
      const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
      const local = new Date(instant.getTime() + offset * 60_000).toISOString().slice(0, -1);
      const sign = offset < 0 ? '-' : '+';
      const text = `${local}${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
      expect(parseInstant(text)?.getTime()).toBe(instant.getTime());
    }),
  );
});
