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

/** pino's number of a level that may be given by name. */
export function levelOf(entry: LogEntry): number {
  if (typeof entry.level === 'number') return entry.level;
  const name = entry.level.toUpperCase();
  return Number(Object.keys(levels).find((level) => levels[Number(level)] === name) ?? 30);
}

/** For reading on a terminal: `12:30:05 WARN  dispatcher  attempt failed (connection refused) messageId=7`. */
export function shortForm(entry: LogEntry): string {
  const level = levels[levelOf(entry)] ?? 'INFO';
  const reason = entry.err?.message === undefined || entry.err.message === entry.msg ? '' : entry.err.message;
  const ids = searchableFields
    .map((field) => [field, entry[field]] as const)
    .filter(([, id]) => typeof id === 'number' || typeof id === 'string')
    .map(([field, id]) => `${field}=${String(id)}`);
  return [
    clockTime(entry.time),
    level.padEnd(5),
    entry.service.padEnd(10),
    [firstLine(entry.msg), reason && `(${firstLine(reason)})`, ...ids].filter(Boolean).join(' '),
  ].join(' ');
}

function clockTime(time: number | string | undefined): string {
  const moment = time === undefined ? new Date() : new Date(time);
  return Number.isNaN(moment.getTime()) ? '--:--:--' : moment.toTimeString().slice(0, 8);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
