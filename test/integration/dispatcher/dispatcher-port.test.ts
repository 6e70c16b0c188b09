import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '#libs/embedded';
import { AppProcess } from '../../support/app-process.js';
import { until } from '../../support/until.js';

async function connection(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** One that has reached nothing: it listens before. */
async function aDispatcher(
  settings: Record<string, string> = {},
): Promise<{ dispatcher: AppProcess; port: number }> {
  const [port, nowhere] = [await freePort(), await freePort()];
  const dispatcher = new AppProcess('dispatcher', {
    DISPATCHER_PORT: String(port),
    DATABASE_URL: `postgres://nobody@127.0.0.1:${nowhere}/none`,
    NATS_URL: `nats://127.0.0.1:${nowhere}`,
    PROVIDER_URL: `http://127.0.0.1:${nowhere}`,
    PROVIDER_TOKEN: 'the-provider-token',
    ...settings,
  });
  dispatcher.start();
  onTestFinished(() => dispatcher.kill());
  await until('it listens', async () => (await connection(port)).destroy());
  return { dispatcher, port };
}

test('a dispatcher takes a hundred connections at its port, and ends further ones at once', async () => {
  const { port } = await aDispatcher();
  const held = await Promise.all(Array.from({ length: 100 }, () => connection(port)));
  await once(await connection(port), 'close');
  expect(held.filter((socket) => socket.destroyed)).toEqual([]);
});

test("a dispatcher's health is answered to all but those with too many wrong keys, who are told to wait", async () => {
  const key = 'the-key-of-this-dispatcher';
  const { dispatcher, port } = await aDispatcher({ API_KEYS: `probe:${key}` });
  const ask = async (path: string, bearer?: string) => {
    const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  };
  // Postgres is away, so that is what health says.
  const paths = ['/health', '/health/ready'];
  const early = await Promise.all(
    Array.from({ length: 20 }, (_, nth) => ask(paths[nth % 2]!, `wrong-${nth}`)),
  );
  expect(early.map(({ status }) => status)).toEqual(Array(20).fill(503));
  expect(early[0]!.body).not.toContain('message');

  for (const path of paths) {
    const late = await ask(path, 'a-wrong-key-that-comes-late');
    expect([late.status, JSON.parse(late.body).type]).toEqual([
      429,
      'urn:event-message-service:problem:too-many-requests',
    ]);
    expect(late.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(path)).status).toBe(503);
    const known = await ask(path, key);
    expect([known.status, known.body]).toEqual([503, expect.stringContaining('message')]);
  }
  expect((await ask('/health/live', 'wrong')).status).toBe(200);
  expect((await ask('/metrics', 'wrong')).status).toBe(200);

  const lines = await until('the line of a refusal', () => {
    const found = dispatcher.output.split('\n').filter((line) => line.includes('"code":429'));
    return found.length === 2 && found;
  });
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'info', path: '/health', address: '127.0.0.1' });
  expect(dispatcher.output).not.toContain('a-wrong-key-that-comes-late');
});

test.each([
  ['bytes that are no request', 'HELLO\r\n\r\n', 400],
  ['headers of 20 KiB', `GET /health HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ['a tunnel', 'CONNECT 10.0.0.1:443 HTTP/1.1\r\nhost: 10.0.0.1:443\r\n\r\n', 405],
])("a dispatcher's port answers %s with a problem document", async (_what, bytes, status) => {
  const { port } = await aDispatcher();
  const socket = await connection(port);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString())).write(bytes);
  await once(socket, 'close');
  expect(answer).toContain(`HTTP/1.1 ${status} `);
  expect(answer).toContain('content-type: application/problem+json');
});

test("a request that does not arrive at a dispatcher's port is given up after ten seconds", async () => {
  const { port } = await aDispatcher();
  const socket = await connection(port);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString())).write('GET /health HTTP/1.1\r\nhost');
  const startedAt = performance.now();
  await once(socket, 'close');
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  expect(answer).toContain('HTTP/1.1 408 ');
});
