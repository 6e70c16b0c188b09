import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
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

/** What a process of its own prints; `ids` counts how many ids its promises have: one each where they are watched. */
function printedBy(script: string): unknown {
  const source = `
    import { once } from 'node:events';
    import { executionAsyncId } from 'node:async_hooks';
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const ids = async () => {
      const seen = new Set();
      for (let nth = 0; nth < 5; nth += 1) seen.add(await Promise.resolve().then(executionAsyncId));
      return seen.size;
    };
    ${script}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

it('costs no promise anything once there is no context', () => {
  const printed = printedBy(`
    import { whileInLogContext } from './dist/libs/telemetry/log-context.js';
    const before = await ids();
    await whileInLogContext({ requestId: '1' }, ids);
    await turn();
    console.log(JSON.stringify([before, await ids()]));`);
  expect(printed).toEqual([1, 1]);
});

describe('of HTTP requests', () => {
  const printedAt = (level: 'debug' | 'info') =>
    printedBy(`
      import { connect } from 'node:net';
      import fastify from 'fastify';
      import { pino } from 'pino';
      import { HttpTelemetry } from './dist/libs/telemetry/http-telemetry.js';
      import { logContextFields } from './dist/libs/telemetry/log-context.js';
      const server = fastify();
      const logger = { logger: pino({ level: '${level}' }), debug() {}, info() {}, warn() {} };
      const adapter = { httpAdapter: { getInstance: () => server } };
      new HttpTelemetry(adapter, logger, { httpAnswered() {} }).onModuleInit();
      const known = [], watched = [];
      let closed;
      server.get('/here', async () => {
        known.push(logContextFields()?.requestId !== undefined);
        watched.push((await ids()) > 1);
      });
      server.get('/slow', (request, reply) => {
        closed = once(reply.raw, 'close');
        socket.destroy();
      });
      const address = await server.listen();
      for (const path of ['/here', '/nowhere', '/here']) await (await fetch(address + path)).text();
      const socket = connect(server.server.address().port, server.server.address().address);
      socket.write('GET /slow HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n');
      await once(socket, 'close');
      await closed;
      await turn();
      console.log(JSON.stringify({ known, watched, after: await ids() }));
      process.exit();`);

  it('is left by each of them, however it ends', () => {
    const isWatched = Number(process.versions.node.split('.')[0]) < 24;
    const watched = [isWatched, isWatched];
    expect(printedAt('debug')).toEqual({ known: [true, true], watched, after: 1 });
  });

  it('is not entered where no line of what they call is written', () => {
    expect(printedAt('info')).toEqual({ known: [false, false], watched: [false, false], after: 1 });
  });
});
