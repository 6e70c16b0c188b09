import { spawnSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { LineBatch } from '#libs/telemetry';

function setup() {
  const written: string[] = [];
  return { written, batch: new LineBatch({ write: (lines) => void written.push(lines) }) };
}

test('lines of one turn of the event loop are written together, in their order', async () => {
  const { written, batch } = setup();
  batch.write('one\n');
  batch.write('two\n');
  expect(written).toEqual([]);
  await turn();
  expect(written).toEqual(['one\ntwo\n']);

  batch.write('three\n');
  await turn();
  await turn();
  expect(written).toEqual(['one\ntwo\n', 'three\n']);
});

test('a burst does not wait for the end of its turn', async () => {
  const { written, batch } = setup();
  const line = `${'x'.repeat(10_000)}\n`;
  for (let n = 0; n < 10; n += 1) batch.write(line);
  expect(written).toEqual([line.repeat(7)]);
  await turn();
  expect(written.join('')).toBe(line.repeat(10));
});

describe('a process that ends within the turn has written its lines', () => {
  test.each([
    ['by itself', '', 0],
    ['at once', 'process.exit(3)', 3],
    ['by an error that nobody caught', 'throw new Error("oops")', 1],
    ['by a rejection that nobody caught', 'await Promise.reject(new Error("oops"))', 1],
    [
      'by a signal that it heeds',
      'process.once("SIGTERM", () => process.exit(4)); setTimeout(() => {}, 10_000); process.kill(process.pid)',
      4,
    ],
  ])('%s', (_, ending, status) => {
    const script = `
      import { lineLogger } from '#libs/telemetry';
      import { logDestination } from './dist/libs/telemetry/log-destination.js';
      const settings = { level: 'info', format: 'json' };
      lineLogger('test', settings, logDestination(settings, [])).info('the last line');
      ${ending}`;
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(ended.stdout).toMatch(/"msg":"the last line"\}\n$/);
    expect(ended.status).toBe(status);
  });
});
