import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { errorCode } from '#libs/embedded';
import { logFiles } from './log-folder.js';
import {
  levelNames,
  levelNumber,
  levelOf,
  parseLogLine,
  searchableFields,
  type SearchableField,
} from './log-line.js';

export interface SearchTerm {
  readonly field: SearchableField | 'level';
  readonly value: string;
}

/** The terms of a command line such as `mailingId=7 clientId=12`; throws with the usage when one is wrong. */
export function searchTerms(words: readonly string[]): SearchTerm[] {
  if (words.length === 0) throw new Error(usage);
  return words.map((word) => {
    const [name, ...rest] = word.split('=');
    const value = rest.join('=');
    const field = searchTermNames.find((known) => known === name);
    if (field === undefined || value === '' || (field === 'level' && !levelNames.includes(value)))
      throw new Error(`"${word}" is not a term to search for.\n${usage}`);
    return { field, value };
  });
}

const searchTermNames = [...searchableFields, 'level'] as const;

/** What can be asked for, with an example. */
export const usage = `Usage: npm run logs -- mailingId=7 [messageId=12 level=warn ...]
Finds the log lines that concern all of the given ids: ${searchableFields.join(', ')};
with level=..., only those of exactly this level: ${levelNames.join(', ')}.
Example: npm run logs -- mailingId=7 level=error`;

/**
 * The lines of a folder's log files, rotated ones first, that concern every term. Read as a stream: memory does
 * not grow with the files. A compressed file that is damaged yields what can be read of it.
 */
export async function* searchLogs(folder: string, terms: readonly SearchTerm[]): AsyncGenerator<string> {
  for (const { input } of await openLogs(folder)) {
    for await (const line of linesOf(input)) {
      if (concerns(line, terms)) yield line;
    }
  }
}

/** Whether a JSON line holds each of the ids, at any depth, alone or in a list, and has the level asked for. */
export function concerns(line: string, terms: readonly SearchTerm[]): boolean {
  // Most lines fall here, without the cost of parsing them.
  if (!terms.every((term) => mayConcern(line, term))) return false;
  try {
    const entry: unknown = JSON.parse(line);
    return terms.every((term) => (term.field === 'level' ? hasLevel(line, term) : holds(entry, term, '')));
  } catch {
    return false;
  }
}

function mayConcern(line: string, { field, value }: SearchTerm): boolean {
  if (field !== 'level') return line.includes(value);
  return line.includes(`"level":${levelNumber(value)}`) || line.includes(`"level":"${value}"`);
}

function hasLevel(line: string, { value }: SearchTerm): boolean {
  const entry = parseLogLine(line);
  return entry !== undefined && levelOf(entry) === levelNumber(value);
}

/** A list of ids is named in the plural; a request's id is also pino's `req.id`. */
function holds(value: unknown, { field, value: wanted }: SearchTerm, name: string): boolean {
  const term = { field, value: wanted };
  if (Array.isArray(value)) return value.some((element) => holds(element, term, name));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).some(([key, inner]) =>
      holds(inner, term, name === 'req' && key === 'id' ? 'requestId' : key),
    );
  }
  return (name === field || name === `${field}s`) && String(value) === wanted;
}

/** All at once, so that none is rotated away from under us while an older one is being read. */
async function openLogs(folder: string): Promise<{ input: Readable }[]> {
  for (;;) {
    try {
      const files = await logFiles(folder);
      return await Promise.all(
        files.map(async (file) => {
          const plain = (await open(file)).createReadStream();
          return { input: file.endsWith('.gz') ? gunzipped(plain) : plain };
        }),
      );
    } catch (error) {
      // Rotated between listing and opening: then there is a new list.
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}

function gunzipped(plain: Readable): Readable {
  const gunzip = createGunzip();
  plain.on('error', (error) => gunzip.destroy(error));
  return plain.pipe(gunzip);
}

async function* linesOf(input: Readable): AsyncGenerator<string> {
  let unfinished = '';
  input.setEncoding('utf8');
  try {
    for await (const chunk of input) {
      const lines = (unfinished + String(chunk)).split('\n');
      unfinished = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    if (!errorCode(error)?.startsWith('Z_')) throw error;
  }
  if (unfinished !== '') yield unfinished;
}
