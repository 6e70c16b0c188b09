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

test('a dispatcher takes a hundred connections at its port, and ends further ones at once', async () => {
  const [port, nowhere] = [await freePort(), await freePort()];
  // It listens before it has reached anything.
  const dispatcher = new AppProcess('dispatcher', {
    DISPATCHER_PORT: String(port),
    DATABASE_URL: `postgres://nobody@127.0.0.1:${nowhere}/none`,
    NATS_URL: `nats://127.0.0.1:${nowhere}`,
    PROVIDER_URL: `http://127.0.0.1:${nowhere}`,
    PROVIDER_TOKEN: 'the-provider-token',
  });
  dispatcher.start();
  onTestFinished(() => dispatcher.kill());
  await until('it listens', async () => (await connection(port)).destroy(), 30_000);

  const held = await Promise.all(Array.from({ length: 100 }, () => connection(port)));
  await once(await connection(port), 'close');
  expect(held.filter((socket) => socket.destroyed)).toEqual([]);
});
