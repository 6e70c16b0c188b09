import * as fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clockChanges, nextClockChange } from '../support/clock-changes.js';
import { localWindows, nextWindow, readable } from '../support/local-windows.js';
import { createTestDatabase } from '../support/services.js';
import { minutesPutForward, WallClock, type DailyWindow, type OpenSpan } from '../support/window-oracle.js';

const HOUR = 3_600_000;

/** How far from a change the instants lie that are asked about, and what the answers can reach beyond them. */
const AROUND = 30 * HOUR;
const REACH_BACK = 54 * HOUR;
const REACH_ON = 78 * HOUR;

const windows = [
  ['22:00', '08:00'],
  ['09:00', '21:00'],
  ['02:15', '02:45'],
  ['01:30', '02:00'],
  ['22:00', '02:30'],
  ['00:00', '01:30'],
  ['02:30', '04:00'],
  ['00:00', '00:30'],
  ['23:30', '00:00'],
  ['23:59', '00:01'],
  ['00:01', '00:00'],
  ['03:00', '02:00'],
].map(([from = '', to = '']): DailyWindow => ({ from, to }));

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Client;
/** A clock around each change, for those about which Node's and Postgres's time-zone data agree. */
const clocks = new Map<string, { clock: WallClock; change: number }>();

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Client({ connectionString: database.url });
  await db.connect();
  for (const [zone, at] of clockChanges) {
    const change = Date.parse(at);
    const clock = new WallClock(zone, change - AROUND - REACH_BACK, change + AROUND + REACH_ON);
    if (await postgresReadsTheSame(clock)) clocks.set(`${zone} ${at}`, { clock, change });
  }
});

afterAll(async () => {
  await db?.end();
  await database?.drop();
});

describe('around clock changes', () => {
  test('Node and Postgres know the same clocks for at least 12 zones, so there is something to compare', () => {
    expect(new Set([...clocks.values()].map(({ clock }) => clock.zone)).size).toBeGreaterThanOrEqual(12);
  });

  test.for(clockChanges)(
    '%s at %s (%i min) opens and closes as its wall clock reads',
    async (row, context) => {
      const [zone, at, minutes] = row;
      const { clock, change } =
        clocks.get(`${zone} ${at}`) ?? context.skip('Node and Postgres have different rules for it');
      expect(minutesPutForward(zone, change - 60_000, change)).toBe(minutes);

      for (const window of windows) {
        const after = change - AROUND;
        const until = change + AROUND;
        expect
          .soft(readable(await localWindows(db, zone, window, after, until)), `${window.from}–${window.to}`)
          .toEqual(readable(expectedWindows(clock, window, after, until)));
      }
    },
  );

  test('any window between any two instants is what the wall clock reads', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase(), fc.integer({ min: 1, max: 2 * AROUND }), async (given, duration) => {
        const { clock, change, window, after } = given;
        const until = Math.min(after + duration, change + AROUND);
        expect(readable(await localWindows(db, clock.zone, window, after, until))).toEqual(
          readable(expectedWindows(clock, window, after, until)),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('the next window is the one that is open, or else the first to open', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase(), async ({ clock, window, after }) => {
        const [first] = expectedWindows(clock, window, after, clock.end);
        expect(readable(await nextWindow(db, clock.zone, window, after))).toEqual(
          readable(first ? [first] : []),
        );
      }),
      { numRuns: 300 },
    );
  });
});

test('in any zone that clients may have, in any year, a window opens and closes as the wall clock reads', async () => {
  const { rows } = await db.query<{ name: string }>('SELECT name FROM time_zones ORDER BY name');
  const zones = rows.map(({ name }) => name).filter((name) => isKnownToNode(name));
  expect(zones.length).toBeGreaterThan(400);
  const minute = fc.integer({ min: Date.UTC(1990, 0) / 60_000, max: Date.UTC(2037, 0) / 60_000 });
  let compared = 0;

  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...zones), minute, fc.gen(), async (zone, instant, draw) => {
      const change = nextClockChange(zone, instant * 60_000) ?? instant * 60_000;
      const clock = new WallClock(zone, change - AROUND - REACH_BACK, change + AROUND + REACH_ON);
      fc.pre(await postgresReadsTheSame(clock));
      compared += 1;
      for (let nth = 0; nth < 5; nth += 1) {
        const { window, after } = draw(aCaseOf, { clock, change });
        expect(
          readable(await localWindows(db, zone, window, after, change + AROUND)),
          `${zone}, ${window.from}–${window.to}, after ${new Date(after).toISOString()}`,
        ).toEqual(readable(expectedWindows(clock, window, after, change + AROUND)));
      }
    }),
    { numRuns: 40 },
  );
  expect(compared).toBeGreaterThanOrEqual(40);
});

/** A change, an instant near it, and a window: any, or one whose ends are near what the clock read then. */
function anyCase() {
  return fc.constantFrom(...clocks.values()).chain(aCaseOf);
}

function aCaseOf({ clock, change }: { clock: WallClock; change: number }) {
  const near = fc.integer({ min: -90, max: 90 }).map((minutes) => {
    const reading = clock.readings[(change - clock.start) / 60_000 + minutes];
    return reading ?? '00:00';
  });
  const any = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
  return fc.record({
    clock: fc.constant(clock),
    change: fc.constant(change),
    window: fc
      .record({ from: fc.oneof(any, near), to: fc.oneof(any, near) })
      .filter(({ from, to }) => from !== to),
    after: fc.integer({ min: change - AROUND, max: change + AROUND - 1 }),
  });
}

function expectedWindows(clock: WallClock, window: DailyWindow, after: number, until: number): OpenSpan[] {
  return clock.openSpans(window).filter((span) => span.closesAt > after && span.opensAt < until);
}

function isKnownToNode(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).format(0) !== '';
  } catch {
    return false;
  }
}

async function postgresReadsTheSame({ zone, start, end, readings }: WallClock): Promise<boolean> {
  const { rows } = await db.query<{ readings: string[] }>(
    `SELECT array_agg(to_char(at AT TIME ZONE $1, 'HH24:MI') ORDER BY at) AS readings
     FROM generate_series($2::timestamptz, $3, interval '1 minute') AS at`,
    [zone, new Date(start), new Date(end - 1)],
  );
  return rows[0]?.readings.join() === readings.join();
}
