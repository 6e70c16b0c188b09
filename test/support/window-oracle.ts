/** A window of the local day, both ends as "HH:MM"; over midnight when `to` is the earlier one. */
export interface DailyWindow {
  from: string;
  to: string;
}

/** Open from `opensAt` until just before `closesAt`, in milliseconds since 1970. */
export interface OpenSpan {
  opensAt: number;
  closesAt: number;
}

const MINUTE = 60_000;

/**
 * What a clock on a wall in `zone` reads ("HH:MM") at each minute of a stretch of time. It answers about
 * windows by looking at every single minute, by the time-zone rules that come with Node: it knows of no
 * offsets and no days, so it can't share a mistake with SQL that computes with them.
 */
export class WallClock {
  readonly readings: readonly string[];

  /** Reads from `start` until just before `end`; both are whole minutes, in milliseconds since 1970. */
  constructor(
    readonly zone: string,
    readonly start: number,
    readonly end: number,
  ) {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    this.readings = Array.from({ length: (end - start) / MINUTE }, (_, minute) =>
      format.format(start + minute * MINUTE),
    );
  }

  /** All spans in which the reading is within the window; the stretch cuts the first and the last. */
  openSpans(window: DailyWindow): OpenSpan[] {
    const spans: OpenSpan[] = [];
    let opensAt: number | undefined;
    for (const [minute, reading] of this.readings.entries()) {
      const at = this.start + minute * MINUTE;
      if (isWithin(reading, window)) {
        opensAt ??= at;
      } else if (opensAt !== undefined) {
        spans.push({ opensAt, closesAt: at });
        opensAt = undefined;
      }
    }
    if (opensAt !== undefined) spans.push({ opensAt, closesAt: this.end });
    return spans;
  }
}

/** By how many minutes the clock and calendar on the wall were put forward between two instants. */
export function minutesPutForward(zone: string, from: number, to: number): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
    hourCycle: 'h23',
  });
  const onTheWall = (instant: number) => {
    const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, +value]));
    return Date.UTC(
      part['year'] ?? NaN,
      (part['month'] ?? NaN) - 1,
      part['day'],
      part['hour'],
      part['minute'],
    );
  };
  return (onTheWall(to) - onTheWall(from) - (to - from)) / MINUTE;
}

function isWithin(reading: string, { from, to }: DailyWindow): boolean {
  return from < to ? from <= reading && reading < to : from <= reading || reading < to;
}
