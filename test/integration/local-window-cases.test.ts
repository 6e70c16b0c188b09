import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localWindows, nextWindow, readable } from '../support/local-windows.js';
import { createTestDatabase } from '../support/services.js';

const HOUR = 3_600_000;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Client({ connectionString: database.url });
  await db.connect();
});

afterAll(async () => {
  await db?.end();
  await database?.drop();
});

describe('worked out by hand', () => {
  test.for([
    {
      what: 'a close that falls into the gap is at the jump, when the clock reads 03:00',
      zone: 'America/New_York',
      window: { from: '22:00', to: '02:30' },
      between: ['2025-03-09T00:00Z', '2025-03-10T00:00Z'],
      spans: ['2025-03-09T03:00Z to 2025-03-09T07:00Z'],
    },
    {
      what: 'an opening that falls into the gap is at the jump',
      zone: 'America/New_York',
      window: { from: '02:30', to: '04:00' },
      between: ['2025-03-09T00:00Z', '2025-03-10T00:00Z'],
      spans: ['2025-03-09T07:00Z to 2025-03-09T08:00Z'],
    },
    {
      what: 'a window inside the gap does not exist that day',
      zone: 'America/New_York',
      window: { from: '02:15', to: '02:45' },
      between: ['2025-03-08T00:00Z', '2025-03-11T00:00Z'],
      spans: ['2025-03-08T07:15Z to 2025-03-08T07:45Z', '2025-03-10T06:15Z to 2025-03-10T06:45Z'],
    },
    {
      what: 'a gap that swallows the closed hour joins two days',
      zone: 'America/New_York',
      window: { from: '03:00', to: '02:00' },
      between: ['2025-03-10T00:00Z', '2025-03-10T01:00Z'],
      spans: ['2025-03-08T08:00Z to 2025-03-10T06:00Z'],
    },
    {
      what: 'a repeated half hour is open both times',
      zone: 'America/New_York',
      window: { from: '01:30', to: '01:45' },
      between: ['2025-11-02T00:00Z', '2025-11-03T00:00Z'],
      spans: ['2025-11-02T05:30Z to 2025-11-02T05:45Z', '2025-11-02T06:30Z to 2025-11-02T06:45Z'],
    },
    {
      what: 'a repeated hour that touches itself is one span',
      zone: 'America/Havana',
      window: { from: '00:00', to: '01:30' },
      between: ['2025-11-02T00:00Z', '2025-11-03T00:00Z'],
      spans: ['2025-11-02T04:00Z to 2025-11-02T06:30Z'],
    },
    {
      what: 'a clock put back by half an hour repeats just that',
      zone: 'Australia/Lord_Howe',
      window: { from: '01:30', to: '02:00' },
      between: ['2025-04-05T12:00Z', '2025-04-06T00:00Z'],
      spans: ['2025-04-05T14:30Z to 2025-04-05T15:30Z'],
    },
    {
      what: 'a day that the calendar skipped has no window',
      zone: 'Pacific/Apia',
      window: { from: '09:00', to: '21:00' },
      between: ['2011-12-29T12:00Z', '2011-12-31T12:00Z'],
      spans: ['2011-12-29T19:00Z to 2011-12-30T07:00Z', '2011-12-30T19:00Z to 2011-12-31T07:00Z'],
    },
    {
      what: 'a jump by 44 minutes and 30 seconds at no full minute is found to the second',
      zone: 'Africa/Monrovia',
      window: { from: '00:30', to: '01:00' },
      between: ['1972-01-07T00:00Z', '1972-01-08T00:00Z'],
      spans: ['1972-01-07T00:44:30Z to 1972-01-07T01:00Z'],
    },
  ])('$what', async ({ zone, window, between: [after = '', until = ''], spans }) => {
    expect(readable(await localWindows(db, zone, window, Date.parse(after), Date.parse(until)))).toEqual(
      spans,
    );
  });

  test('the bounds are exclusive: a window that has just closed or is about to open is not meant', async () => {
    const window = { from: '09:00', to: '21:00' };
    const closed = Date.parse('2025-05-01T21:00Z');
    const opening = Date.parse('2025-05-02T09:00Z');
    expect(await localWindows(db, 'Etc/UTC', window, closed, opening)).toEqual([]);
    expect(await localWindows(db, 'Etc/UTC', window, closed - 1, opening + 1)).toHaveLength(2);
    expect(readable(await nextWindow(db, 'Etc/UTC', window, closed))).toEqual([
      '2025-05-02T09:00Z to 2025-05-02T21:00Z',
    ]);
  });

  test('a window of no length is never open', async () => {
    expect(await nextWindow(db, 'Etc/UTC', { from: '09:00', to: '09:00' }, Date.UTC(2025, 4, 1))).toEqual([]);
  });

  test('a horizon of a year holds a window for each of its days', async () => {
    const after = Date.parse('2025-01-01T00:00+01:00');
    const until = Date.parse('2026-01-01T00:00+01:00');
    const spans = await localWindows(db, 'Europe/Berlin', { from: '09:00', to: '21:00' }, after, until);
    expect(spans).toHaveLength(365);
    expect(spans.every(({ opensAt, closesAt }) => closesAt - opensAt === 12 * HOUR)).toBe(true);
  });
});

test.for(['America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Kiritimati'])(
  'a session in %s has no say in it',
  async (sessionZone) => {
    await db.query(`SET TimeZone = '${sessionZone}'`);
    const window = { from: '01:00', to: '02:30' };
    const after = Date.parse('2025-03-29T00:00Z');
    const until = Date.parse('2025-03-30T12:00Z');
    expect(readable(await localWindows(db, 'Europe/Berlin', window, after, until))).toEqual([
      '2025-03-29T00:00Z to 2025-03-29T01:30Z',
      '2025-03-30T00:00Z to 2025-03-30T01:00Z',
    ]);
    await db.query('RESET TimeZone');
  },
);

test('every zone a client may have gets its next window, all of them within a second', async () => {
  await db.query(`SET statement_timeout = '1s'`);
  const { rows } = await db.query(
    `SELECT name FROM time_zones
     LEFT JOIN LATERAL ems_next_window(name, '09:00', '21:00', ems_now()) AS next ON true
     WHERE (next.closes_at > ems_now() AND next.opens_at < ems_now() + interval '1 day') IS NOT TRUE`,
  );
  await db.query('RESET statement_timeout');
  expect(rows).toEqual([]);
});

test('an unknown zone and an endless horizon are errors, not empty answers', async () => {
  const from9To21 = `time '09:00', time '21:00'`;
  await expect(
    db.query(`SELECT * FROM ems_next_window('Mars/Olympus', ${from9To21}, now())`),
  ).rejects.toThrow('time zone "Mars/Olympus" not recognized');
  for (const instant of ['infinity', '-infinity']) {
    await expect(
      db.query(`SELECT * FROM ems_next_window('Etc/UTC', ${from9To21}, '${instant}')`),
    ).rejects.toThrow('out of range');
  }
});

test('without a window there is none, whatever stands for the zone', async () => {
  const { rows } = await db.query(`SELECT * FROM ems_next_window('', NULL, NULL, now())`);
  expect(rows).toEqual([]);
});
