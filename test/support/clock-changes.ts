import { minutesPutForward } from './window-oracle.js';

/**
 * Clock changes of the past: zone, the instant, and by how many minutes the clock was put forward. Past ones,
 * so that no new time-zone data alters them.
 */
export const clockChanges = [
  ['America/New_York', '2025-03-09T07:00Z', 60],
  ['America/New_York', '2025-11-02T06:00Z', -60],
  ['Europe/Berlin', '2025-03-30T01:00Z', 60],
  ['Europe/Berlin', '2025-10-26T01:00Z', -60],
  // Ireland's winter is its daylight saving time, with a negative one.
  ['Europe/Dublin', '2025-03-30T01:00Z', 60],
  ['Europe/Dublin', '2025-10-26T01:00Z', -60],
  ['Europe/Moscow', '2011-03-26T23:00Z', 60],
  ['Europe/Moscow', '2014-10-25T22:00Z', -60],
  ['Australia/Lord_Howe', '2025-04-05T15:00Z', -30],
  ['Australia/Lord_Howe', '2025-10-04T15:30Z', 30],
  ['Pacific/Chatham', '2025-04-05T14:00Z', -60],
  ['Pacific/Chatham', '2025-09-27T14:00Z', 60],
  // One minute past midnight.
  ['America/St_Johns', '2011-03-13T03:31Z', 60],
  ['America/St_Johns', '2010-11-07T02:31Z', -60],
  // At midnight: the day has no first hour, or the day before has its last one twice.
  ['America/Havana', '2025-03-09T05:00Z', 60],
  ['America/Havana', '2025-11-02T05:00Z', -60],
  ['America/Santiago', '2025-04-06T03:00Z', -60],
  ['America/Santiago', '2025-09-07T04:00Z', 60],
  ['America/Sao_Paulo', '2018-02-18T02:00Z', -60],
  ['America/Sao_Paulo', '2018-11-04T03:00Z', 60],
  ['Asia/Beirut', '2024-03-30T22:00Z', 60],
  ['Asia/Beirut', '2024-10-26T21:00Z', -60],
  ['Asia/Tehran', '2022-03-21T20:30Z', 60],
  ['Asia/Tehran', '2022-09-21T19:30Z', -60],
  ['Africa/Cairo', '2024-04-25T22:00Z', 60],
  ['Africa/Cairo', '2024-10-31T21:00Z', -60],
  ['Atlantic/Azores', '2025-03-30T01:00Z', 60],
  ['America/Nuuk', '2023-03-26T01:00Z', 60],
  // Ramadan.
  ['Africa/Casablanca', '2025-02-23T02:00Z', -60],
  ['Africa/Casablanca', '2025-04-06T02:00Z', 60],
  ['Asia/Gaza', '2025-04-12T00:00Z', 60],
  // Not by an hour.
  ['Antarctica/Troll', '2025-03-30T01:00Z', 120],
  ['Antarctica/Troll', '2025-10-26T01:00Z', -120],
  ['Antarctica/Casey', '2010-03-04T15:00Z', -180],
  ['America/Caracas', '2016-05-01T07:00Z', 30],
  ['Asia/Pyongyang', '2018-05-04T15:00Z', 30],
  ['Asia/Kathmandu', '1985-12-31T18:30Z', 15],
  // A whole day was left out.
  ['Pacific/Apia', '2011-12-30T10:00Z', 1440],
  ['Pacific/Kiritimati', '1994-12-31T10:00Z', 1440],
  ['Pacific/Kwajalein', '1993-08-21T12:00Z', 1440],
  // Nothing happened.
  ['Asia/Kolkata', '2025-03-30T01:00Z', 0],
  ['America/Phoenix', '2025-03-09T09:00Z', 0],
] as const;

const MINUTE = 60_000;
const WEEK = 7 * 24 * 60 * MINUTE;

/**
 * The first minute after `from` at which the clocks of a zone were put forward or back, by Node's rules; looked
 * for in a year, by weeks: undefined if no two weeks' ends differ.
 */
export function nextClockChange(zone: string, from: number): number | undefined {
  const shifts = (start: number, end: number) => minutesPutForward(zone, start, end) !== 0;
  const week = Array.from({ length: 53 }, (_, nth) => from + nth * WEEK).find((at) => shifts(at, at + WEEK));
  if (week === undefined) return undefined;
  let [before, after] = [week, week + WEEK];
  while (after - before > MINUTE) {
    const middle = before + Math.floor((after - before) / 2 / MINUTE) * MINUTE;
    if (shifts(before, middle)) after = middle;
    else before = middle;
  }
  return after;
}
