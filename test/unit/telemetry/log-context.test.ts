import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { addToLogContext, logContextFields, whileInLogContext } from '#libs/telemetry';

it('each piece of work has its own fields to its end, however many there are', async () => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const long = whileInLogContext({ requestId: 'long' }, async () => {
    await finished;
    addToLogContext({ mailingId: 7 });
    await Promise.resolve();
    return logContextFields();
  });
  await expect(whileInLogContext({ requestId: 'short' }, async () => logContextFields())).resolves.toEqual({
    requestId: 'short',
  });
  await expect(
    whileInLogContext({ requestId: 'broken' }, () => Promise.reject(new Error('broken'))),
  ).rejects.toThrow('broken');
  finish();
  await expect(long).resolves.toEqual({ requestId: 'long', mailingId: 7 });
  expect(logContextFields()).toBeUndefined();
  await expect(whileInLogContext({ requestId: 'next' }, async () => logContextFields())).resolves.toEqual({
    requestId: 'next',
  });
});

it('costs no promise anything once there is no context', () => {
  // Where promises are watched, each has an id of its own.
  const script = `
    import { executionAsyncId } from 'node:async_hooks';
    import { whileInLogContext } from './dist/libs/telemetry/log-context.js';
    const ids = async () => {
      const seen = new Set();
      for (let nth = 0; nth < 5; nth += 1) seen.add(await Promise.resolve().then(executionAsyncId));
      return seen.size;
    };
    const before = await ids();
    await whileInLogContext({ requestId: '1' }, ids);
    await new Promise((resolve) => setImmediate(resolve));
    console.log(JSON.stringify([before, await ids()]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([1, 1]);
});
