import { afterEach, expect, test, vi } from 'vitest';
import { cutLine, lineLogger } from '#libs/telemetry';

afterEach(() => {
  vi.useRealTimers();
});

function setup(level = 'info') {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = lineLogger('test', { level, format: 'json' }, destination);
  const fail = (messageId: number, outcome: string, context = 'OutcomeRecorder') =>
    logger.warn({ context, msg: 'attempt failed', messageId, outcome });
  return { lines, logger, fail, second: () => vi.advanceTimersByTime(1_000) };
}

test('of what fails again and again the first ten are told in full, and the others in numbers', () => {
  const { lines, fail, second } = setup();
  for (let id = 1; id <= 5_000; id += 1) fail(id, id % 2 === 0 ? 'ambiguous' : 'notSent');

  expect(lines).toHaveLength(20);
  expect(lines.map(({ messageId }) => messageId)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
  second();
  const more = { level: 'warn', context: 'OutcomeRecorder', leftOut: 2_490 };
  expect(lines.slice(20)).toEqual([
    expect.objectContaining({ ...more, result: 'notSent', msg: '2490 more in a second: attempt failed' }),
    expect.objectContaining({ ...more, result: 'ambiguous', msg: '2490 more in a second: attempt failed' }),
  ]);
});

test('the next second tells anew', () => {
  const { lines, fail, second } = setup();
  for (let id = 1; id <= 11; id += 1) fail(id, 'ambiguous');
  second();
  second();
  expect(lines).toHaveLength(11);
  fail(12, 'ambiguous');
  expect(lines.at(-1)).toMatchObject({ messageId: 12 });
  second();
  expect(lines).toHaveLength(12);
});

test('ids in the words make no other kind', () => {
  const { lines, logger, second } = setup();
  for (let id = 1; id <= 200; id += 1) logger.warn({ code: 503, msg: `GET /v1/clients/${id} 503` });
  expect(lines).toHaveLength(10);
  second();
  expect(lines.at(-1)).toMatchObject({ leftOut: 190, result: '503' });
});

test('a hundred lines a second are written however many kinds there are, and no more is remembered', () => {
  const { lines, logger, second } = setup();
  const word = (at: number) => String.fromCodePoint(0x4e_00 + at);
  for (let at = 0; at < 20_000; at += 1) logger.error({ msg: `trouble ${word(at)}` });
  expect(lines).toHaveLength(100);
  second();
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toMatchObject({ level: 'error', leftOut: 19_900 });
});

test('a flood of one kind hides no other', () => {
  const { lines, logger, fail } = setup();
  for (let id = 1; id <= 5_000; id += 1) fail(id, 'ambiguous');
  logger.error({ msg: 'outcomes could not be recorded' });
  expect(lines.at(-1)).toMatchObject({ msg: 'outcomes could not be recorded' });
});

test('a summary has nothing of the request in which it happened to begin', () => {
  const { lines, logger, second } = setup();
  const request = logger.child({ requestId: 'mine' });
  for (let at = 0; at < 20; at += 1) request.warn({ msg: 'answered' });
  second();
  expect(lines.at(-1)).toMatchObject({ leftOut: 10 });
  expect(lines.at(-1)).not.toHaveProperty('requestId');
});

test('of the batches of a second a hundred are told, each with what came of it, and the others in numbers', () => {
  const { lines, logger, fail, second } = setup();
  for (let batchId = 1; batchId <= 150; batchId += 1)
    logger.info({ context: 'BatchRunner', msg: 'batch', batchId });
  fail(1, 'ambiguous');
  expect(lines).toHaveLength(101);
  second();
  expect(lines.at(-1)).toMatchObject({ level: 'info', leftOut: 50, msg: '50 more in a second: batch' });
});

test('each request that was answered well has its line, and at debug nothing is left out', () => {
  const info = setup();
  for (let at = 0; at < 500; at += 1) info.logger.info({ code: 200, msg: 'GET /v1/clients 200' });
  expect(info.lines).toHaveLength(500);
  const debug = setup('debug');
  for (let id = 0; id < 500; id += 1) debug.fail(id, 'ambiguous');
  expect(debug.lines).toHaveLength(500);
});

test('the timer of a summary keeps no process alive', () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  lineLogger('test', { level: 'info', format: 'json' }, { write: () => {} }).warn('once');
  const begun = timers.mock.results.map(({ value }) => value as NodeJS.Timeout);
  timers.mockRestore();
  expect(begun.map((timer) => timer.hasRef())).toEqual([false]);
});

test('a line that is too long is cut and stays JSON, with what it began with', () => {
  const long = 'x'.repeat(100_000);
  const many = Array.from({ length: 5_000 }, (_, at) => at);
  const cut = cutLine(`${JSON.stringify({ level: 'warn', msg: 'short', error: long, batchIds: many })}\n`);
  expect(cut.length).toBeLessThan(2_000);
  expect(JSON.parse(cut)).toEqual({
    level: 'warn',
    msg: 'short',
    error: `${'x'.repeat(1_000)}…`,
    batchIds: many.slice(0, 20),
  });
});

test('not even a line of many long texts is longer than 16 KB', () => {
  const row = () => Array.from({ length: 100 }, () => 'y'.repeat(5_000));
  const cut = cutLine(`${JSON.stringify({ level: 'error', rows: Array.from({ length: 30 }, row) })}\n`);
  expect(cut.length).toBeLessThan(16_384);
  expect(JSON.parse(cut)).toMatchObject({ level: 'error', msg: 'a line was too long' });
  const short = `${JSON.stringify({ msg: 'z'.repeat(16_000) })}\n`;
  expect(cutLine(short)).toBe(short);
});
