const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const TIME = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`;

/** As HTTP has it, and as others write the same zone. */
const ZONE = String.raw`(?:GMT|UTC|[+-]0000)`;

/** The three forms of RFC 9110 §5.6.7: IMF-fixdate (`Sat, 22 Nov 2025 …`), RFC 850's, and asctime's. */
const FORMS = [
  String.raw`(?:[A-Z][a-z]{2}, )?(?<day>\d{1,2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) ${TIME} ${ZONE}`,
  String.raw`[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) ${TIME} ${ZONE}`,
  String.raw`[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) ${TIME} (?<year>\d{4})`,
].map((form) => new RegExp(`^${form}$`));

/** A year of two digits is never more than this ahead (RFC 9110 §5.6.7), in years. */
const FARTHEST_AHEAD = 50;

/**
 * Reads an HTTP date (RFC 9110 §5.6.7, obsolete forms included) as epoch ms; the weekday is not held against the
 * date. `now` (epoch ms) tells the century of RFC 850's two-digit years. Anything else is undefined.
 */
export function httpDate(text: string, now: number): number | undefined {
  const parts = FORMS.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return undefined;
  const month = MONTHS.indexOf(parts['month'] ?? '');
  const [day, hour, minute, second] = ['day', 'hour', 'minute', 'second'].map((name) => Number(parts[name]));
  const time = Date.UTC(yearOf(parts['year'] ?? '', now), month, day, hour, minute, second);
  // A second of 60 is a leap second, and anything else that rolls over is no date.
  const isDate = new Date(time).getUTCDate() === day && Number(hour) < 24 && Number(minute) < 60;
  return month >= 0 && isDate && Number(second) <= 60 ? time : undefined;
}

function yearOf(digits: string, now: number): number {
  const year = Number(digits);
  if (digits.length > 2) return year;
  const thisYear = new Date(now).getUTCFullYear();
  const ahead = (((year - thisYear) % 100) + 100) % 100;
  return thisYear + (ahead > FARTHEST_AHEAD ? ahead - 100 : ahead);
}
