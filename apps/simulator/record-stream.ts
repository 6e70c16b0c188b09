import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const rowsPerPart = 1_000;

/** How rows are laid out: an array, or a line each. */
export type RowFormat = 'json' | 'ndjson';

/**
 * Streams rows that are JSON already, as fast as the caller reads them: a record of millions is never in
 * memory as text. Rejects when the caller goes away.
 */
export async function streamRows(
  response: ServerResponse,
  rows: Iterable<string>,
  format: RowFormat,
): Promise<void> {
  const type = format === 'json' ? 'application/json' : 'application/x-ndjson';
  response.writeHead(200, { 'content-type': type });
  await pipeline(Readable.from(format === 'json' ? asArray(rows) : asLines(rows)), response);
}

function* asLines(rows: Iterable<string>): Generator<string> {
  for (const part of parts(rows)) yield `${part.join('\n')}\n`;
}

function* asArray(rows: Iterable<string>): Generator<string> {
  let separator = '[';
  for (const part of parts(rows)) {
    yield `${separator}\n${part.join(',\n')}`;
    separator = ',';
  }
  yield separator === '[' ? '[]\n' : '\n]\n';
}

function* parts(rows: Iterable<string>): Generator<string[]> {
  let part: string[] = [];
  for (const row of rows) {
    part.push(row);
    if (part.length < rowsPerPart) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
