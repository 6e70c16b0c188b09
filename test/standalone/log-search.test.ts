import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concerns, searchLogs, searchTerms } from '../../apps/standalone/log-search.js';
import { LogWriter } from '../../apps/standalone/log-writer.js';

describe('a search in the logs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ems-logs-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('reads compressed, rotated and current files from the oldest to the newest', async () => {
    await writeFile(
      join(folder, 'ems-20260101T000000000-001.log.gz'),
      gzipSync(line({ mailingId: 7, at: 1 })),
    );
    await writeFile(join(folder, 'ems-20260102T000000000-001.log'), line({ mailingId: 7, at: 2 }));
    await writeFile(join(folder, 'ems.log'), line({ mailingId: 8, at: 3 }) + line({ mailingId: 7, at: 4 }));

    expect(await found('mailingId=7')).toEqual([
      { mailingId: 7, at: 1 },
      { mailingId: 7, at: 2 },
      { mailingId: 7, at: 4 },
    ]);
  });

  it('reads a file once while it is being compressed', async () => {
    const name = 'ems-20260101T000000000-001.log';
    await writeFile(join(folder, name), line({ mailingId: 7 }));
    await writeFile(join(folder, `${name}.gz.partial`), gzipSync(line({ mailingId: 7 })));
    expect(await found('mailingId=7')).toHaveLength(1);

    await writeFile(join(folder, `${name}.gz`), gzipSync(line({ mailingId: 7 })));
    expect(await found('mailingId=7')).toHaveLength(1);
  });

  it('goes on after a file whose end is missing', async () => {
    const damaged = join(folder, 'ems-20260101T000000000-001.log.gz');
    await writeFile(damaged, gzipSync(line({ mailingId: 7, at: 1 })));
    await truncate(damaged, 30);
    await writeFile(join(folder, 'ems.log'), line({ mailingId: 7, at: 2 }));

    expect(await found('mailingId=7')).toContainEqual({ mailingId: 7, at: 2 });
  });

  it('finds lines of any length, however the file is cut into chunks, and a last one without its end', async () => {
    const lines = Array.from({ length: 40 }, (_, at) => ({ mailingId: 7, at, text: 'ё'.repeat(at * 997) }));
    await writeFile(join(folder, 'ems.log'), lines.map(line).join('').trimEnd());

    expect(await found('mailingId=7')).toEqual(lines);
  });

  it('finds everything a writer wrote over many rotations, in order, and compresses what is full', async () => {
    const writer = new LogWriter(folder, { fileSize: '2K', totalBytes: 10_000_000 });
    const entries = Array.from({ length: 500 }, (_, at) => ({ mailingId: at % 2, at }));
    for (const entry of entries) writer.write(line(entry));
    await writer.close();
    const names = await readdir(folder);

    expect(names.filter((name) => name.endsWith('.log.gz')).length).toBeGreaterThan(3);
    expect(names.filter((name) => !name.endsWith('.gz'))).toEqual(['ems.log']);
    expect(await found('mailingId=1')).toEqual(entries.filter((entry) => entry.mailingId === 1));
  });

  it('keeps only the newest when the rotated files are larger than allowed', async () => {
    const writer = new LogWriter(folder, { fileSize: '2K', totalBytes: 600 });
    for (let at = 0; at < 500; at += 1) writer.write(line({ mailingId: 7, at }));
    await writer.close();
    const kept = await found('mailingId=7');

    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(500);
    expect(kept.at(-1)).toEqual({ mailingId: 7, at: 499 });
  });

  it('compresses what a run that was cut off left behind', async () => {
    await writeFile(join(folder, 'ems-20260101T000000000-001.log'), line({ mailingId: 7 }));
    await new LogWriter(folder).close();

    expect(await readdir(folder)).toContain('ems-20260101T000000000-001.log.gz');
    expect(await found('mailingId=7')).toHaveLength(1);
  });

  async function found(...words: string[]): Promise<unknown[]> {
    const lines: unknown[] = [];
    for await (const text of searchLogs(folder, searchTerms(words))) lines.push(JSON.parse(text));
    return lines;
  }
});

describe('a log line concerns an id', () => {
  it.each([
    ['as a field', { mailingId: 7 }],
    ['as text', { mailingId: '7' }],
    ['in an object', { batch: { mailingId: 7 } }],
    ['in a list of objects', { outcomes: [{ mailingId: 8 }, { mailingId: 7 }] }],
    ['in a list of ids', { mailingIds: [6, 7] }],
  ])('%s', (_, entry) => {
    expect(concerns(JSON.stringify(entry), searchTerms(['mailingId=7']))).toBe(true);
  });

  it.each([
    ['when it is only the beginning of another', { mailingId: 77 }],
    ['when it is another kind of id', { messageId: 7 }],
    ['when it is only in the text', { msg: 'mailingId=7' }],
  ])('not %s', (_, entry) => {
    expect(concerns(JSON.stringify(entry), searchTerms(['mailingId=7']))).toBe(false);
  });

  it('only if it concerns all that are asked for', () => {
    const terms = searchTerms(['mailingId=7', 'clientId=9']);

    expect(concerns('{"mailingId":7,"clientId":9}', terms)).toBe(true);
    expect(concerns('{"mailingId":7,"clientId":8}', terms)).toBe(false);
  });

  it('and takes the id of a request wherever the HTTP log puts it', () => {
    const terms = searchTerms(['requestId=abc']);

    expect(concerns('{"req":{"id":"abc"}}', terms)).toBe(true);
    expect(concerns('{"requestId":"abc"}', terms)).toBe(true);
    expect(concerns('{"client":{"id":"abc"}}', terms)).toBe(false);
  });

  it.each(['{"level":50,"mailingId":7}', '{"level":"error","mailingId":7}'])(
    'and a level, exactly, by its number or its name: %s',
    (entry) => {
      expect(concerns(entry, searchTerms(['level=error']))).toBe(true);
      expect(concerns(entry, searchTerms(['level=error', 'mailingId=7']))).toBe(true);
      expect(concerns(entry, searchTerms(['level=error', 'mailingId=8']))).toBe(false);
      expect(concerns(entry, searchTerms(['level=warn']))).toBe(false);
      expect(concerns(`{"level":30,"of":${entry}}`, searchTerms(['level=error']))).toBe(false);
    },
  );

  it('never if it is not JSON', () => {
    expect(concerns('mailingId=7', searchTerms(['mailingId=7']))).toBe(false);
  });
});

describe('the terms of a search', () => {
  it.each(['mailing=7', 'mailingId', 'mailingId=', '7', 'level=loud'])(
    'refuse %s and say what is possible',
    (word) => {
      expect(() => searchTerms([word])).toThrow(/Usage: .*\n.*messageId, clientId/);
    },
  );

  it('must be given', () => {
    expect(() => searchTerms([])).toThrow('Usage: npm run logs');
  });
});

function line(entry: object): string {
  return `${JSON.stringify(entry)}\n`;
}
