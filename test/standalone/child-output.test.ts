import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChildOutput } from '../../apps/standalone/child-output.js';
import { LogWriter } from '../../apps/standalone/log-writer.js';
import { RepeatLimit } from '../../apps/standalone/repeat-limit.js';

describe('what the applications print', () => {
  let folder: string;
  let writer: LogWriter;
  let shown: string[];
  let output: PassThrough;
  let errors: PassThrough;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ems-output-'));
    writer = new LogWriter(folder);
    shown = [];
    output = new PassThrough();
    errors = new PassThrough();
    new ChildOutput(writer, new RepeatLimit((line) => shown.push(line))).follow('api', output, errors);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await rm(folder, { recursive: true });
  });

  it('goes to the log file with the name of its service, also when a line comes in pieces', async () => {
    output.write('{"level":30,"msg":"on');
    output.write('e"}\n{"level":20,"msg":"two"}\n{"level":10,"msg":"cut');
    output.end('"}');

    expect(await logged()).toEqual([
      { service: 'api', level: 30, msg: 'one' },
      { service: 'api', level: 20, msg: 'two' },
      { service: 'api', level: 10, msg: 'cut' },
    ]);
    expect(shown).toEqual([]);
  });

  it('is shown in a short form when it is a warning or worse', async () => {
    const err = { type: 'Error', message: 'connection refused', stack: 'Error: ...' };
    output.end(
      `${JSON.stringify({ level: 40, time: 0, msg: 'attempt failed', messageId: 12, mailingId: 7, err })}\n` +
        `${JSON.stringify({ level: 'error', time: 0, msg: 'as a name' })}\n`,
    );
    await logged();

    expect(shown.map((line) => line.slice(9))).toEqual([
      'WARN  api          attempt failed (connection refused) mailingId=7 messageId=12',
      'ERROR api          as a name',
    ]);
  });

  it('says why: each field of the line that is not shown otherwise, texts by their first line', async () => {
    const line = {
      level: 40,
      time: 0,
      app: 'api',
      pid: 7,
      context: 'Breaker',
      msg: 'attempt failed',
      reason: 'no answer',
      outcome: 'timeout',
      failedProbes: 3,
      state: { open: true, ids: [1, 2] },
      error: 'Error: lost\n    at main.js:1:1',
      batchId: 10,
      long: 'x'.repeat(1_000),
    };
    output.end(`${JSON.stringify(line)}\n`);
    await logged();

    expect(shown.map((text) => text.slice(9))).toEqual([
      'WARN  api          attempt failed batchId=10 reason="no answer" outcome=timeout failedProbes=3 ' +
        `state={"open":true,"ids":[1,2]} error="Error: lost" long=${'x'.repeat(300)}…`,
    ]);
  });

  it('shows the end of an outage among the many lines of the outage', async () => {
    const line = (msg: string) => `${JSON.stringify({ level: 40, time: 0, msg })}\n`;
    output.write(line('attempt failed').repeat(100));
    output.end(line('the provider is back: sending goes on'));
    await logged();

    expect(shown).toHaveLength(4);
    expect(shown.at(-1)).toContain('the provider is back: sending goes on');
  });

  it('is recorded as an error when it is not JSON but on the error output', async () => {
    errors.write('TypeError: x is not a function\n    at main.js:1:1\n');
    await vi.waitFor(() => expect(shown).toHaveLength(1));
    output.end('plain text\n');

    expect(await logged()).toEqual([
      {
        level: 'error',
        time: expect.any(String),
        service: 'api',
        msg: 'TypeError: x is not a function\n    at main.js:1:1',
      },
      { level: 'info', time: expect.any(String), service: 'api', msg: 'plain text' },
    ]);
    expect(shown[0]).toContain('ERROR api          TypeError: x is not a function');
  });

  it('does not flood the terminal during an outage, and says how much it left out', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const limit = new RepeatLimit((line) => shown.push(line), 3, 10_000);
    for (let at = 0; at < 1_000; at += 1)
      limit.show('failed', `attempt failed messageId=${at}`, 'api attempt failed');
    limit.show('other', 'other', 'api other');
    vi.advanceTimersByTime(10_000);
    limit.show('failed', 'attempt failed messageId=1000', 'api attempt failed');

    expect(shown.map((line) => line.trim())).toEqual([
      'attempt failed messageId=0',
      'attempt failed messageId=1',
      'attempt failed messageId=2',
      'other',
      'and 997 more in 10 s of: api attempt failed (all are in the log files)',
      'attempt failed messageId=1000',
    ]);
  });

  async function logged(): Promise<unknown[]> {
    await new Promise((resolve) => output.once('end', resolve));
    await writer.close();
    const text = await readFile(join(folder, 'ems.log'), 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  }
});
