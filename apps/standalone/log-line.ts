import { z } from 'zod';

/** The fields by which a log line can be found. */
export const searchableFields = ['mailingId', 'messageId', 'clientId', 'batchId', 'requestId'] as const;
export type SearchableField = (typeof searchableFields)[number];

/** pino's numbers and their names. */
const levels: Record<number, string> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

const entryFields = z.looseObject({
  level: z.union([z.number(), z.string()]).default('info'),
  time: z.union([z.number(), z.string()]).optional(),
  service: z.string().default(''),
  context: z.string().optional(),
  msg: z.string().default(''),
  err: z.looseObject({ message: z.string().optional() }).optional(),
});

export type LogEntry = z.output<typeof entryFields>;

/** One JSON line as an object; undefined for anything else. */
export function parseLogLine(line: string): LogEntry | undefined {
  try {
    return entryFields.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** The names of the levels, as a search asks for them. */
export const levelNames = Object.values(levels).map((name) => name.toLowerCase());

/** pino's number of a level that may be given by name. */
export function levelOf(entry: LogEntry): number {
  if (typeof entry.level === 'number') return entry.level;
  return levelNumber(entry.level);
}

/** pino's number of a level's name in any case; that of info for a name it doesn't have. */
export function levelNumber(name: string): number {
  const wanted = name.toUpperCase();
  return Number(Object.keys(levels).find((level) => levels[Number(level)] === wanted) ?? 30);
}

/** What the short form says in another way, or what is the same in each line of a service. */
const shownOtherwise = new Set(['time', 'level', 'service', 'app', 'pid', 'hostname', 'context', 'msg']);

/** A value longer than this many characters is cut: the terminal is for reading, the log file has it whole. */
const longestValue = 300;

/**
 * For reading on a terminal, with the ids first and then whatever else the line has:
 * `12:30:05 WARN  dispatcher-2 attempt failed (connection refused) messageId=7 attempts=3 reason="no answer"`.
 */
export function shortForm(entry: LogEntry): string {
  const level = levels[levelOf(entry)] ?? 'INFO';
  const reason = entry.err?.message === undefined || entry.err.message === entry.msg ? '' : entry.err.message;
  const known = new Set<string>([...shownOtherwise, ...(entry.err?.message === undefined ? [] : ['err'])]);
  const names = new Set<string>([...searchableFields, ...Object.keys(entry)]);
  const fields = [...names]
    .filter((name) => entry[name] !== undefined && !known.has(name))
    .map((name) => `${name}=${shownValue(entry[name])}`);
  return [
    clockTime(entry.time),
    level.padEnd(5),
    entry.service.padEnd(12),
    [firstLine(entry.msg), reason && `(${firstLine(reason)})`, ...fields].filter(Boolean).join(' '),
  ].join(' ');
}

/** A stack and other texts of several lines by their first; quoted where it would be unclear where it ends. */
function shownValue(value: unknown): string {
  if (typeof value !== 'string') return cut(JSON.stringify(value));
  const text = cut(firstLine(value));
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function cut(text: string): string {
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}

function clockTime(time: number | string | undefined): string {
  const moment = time === undefined ? new Date() : new Date(time);
  return Number.isNaN(moment.getTime()) ? '--:--:--' : moment.toTimeString().slice(0, 8);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
