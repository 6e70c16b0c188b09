import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { ControlBus, NatsLink } from '#libs/nats';
import { natsAccount } from '../../support/services.js';
import { ownNats } from './own-nats.js';

const linkTo = (url: string) => {
  const link = new NatsLink({ servers: [url], name: 'test' });
  onTestFinished(() => link.close());
  link.start();
  return link;
};

async function connected(link: NatsLink): Promise<void> {
  await expect.poll(() => link.isConnected).toBe(true);
}

async function disconnected(link: NatsLink): Promise<void> {
  await expect.poll(() => link.isConnected).toBe(false);
}

test('the link logs in with the credentials of its address', async () => {
  const { url } = await natsAccount();
  const refused = linkTo(url.replace(/:[^:]*@/, ':wrong@'));
  await connected(linkTo(url));
  expect(refused.isConnected).toBe(false);
});

test('a lone name in the address is a token', async () => {
  const nats = await ownNats('authorization { token: "the token/1" }');
  await nats.start();
  const port = new URL(nats.url).port;
  const refused = linkTo(nats.url);
  await connected(linkTo(`nats://${encodeURIComponent('the token/1')}@127.0.0.1:${port}`));
  expect(refused.isConnected).toBe(false);
});

test('tls:// never falls back to plain text', async () => {
  const nats = await ownNats();
  await nats.start();
  const insisting = linkTo(nats.url.replace('nats:', 'tls:'));
  await connected(linkTo(nats.url));
  expect(insisting.isConnected).toBe(false);
});

test('any of several servers will do', async () => {
  const [away, there] = [await ownNats(), await ownNats()];
  await there.start();
  const link = new NatsLink({ servers: [away.url, there.url], name: 'test' });
  onTestFinished(() => link.close());
  link.start();
  await connected(link);
  expect(link.connection?.getServer()).toBe(new URL(there.url).host);
});

test('the link starts without NATS and connects when it comes up', async () => {
  const nats = await ownNats();
  const link = linkTo(nats.url);
  const met: unknown[] = [];
  link.onConnection((connection) => met.push(connection));
  expect(link.isConnected).toBe(false);
  expect(link.connection).toBeUndefined();

  await nats.start();
  await connected(link);
  expect(met).toEqual([link.connection]);
});

test('a link that never found NATS closes in a second', async () => {
  const nats = await ownNats();
  const link = linkTo(nats.url);
  const before = performance.now();
  await link.close();
  expect(performance.now() - before).toBeLessThan(1_500);
});

test('subscriptions outlive kill -9 of the server and its restart', async () => {
  const nats = await ownNats();
  await nats.start();
  const link = linkTo(nats.url);
  const heard: string[] = [];
  link.onConnection((connection) =>
    connection.subscribe('ems.test', {
      callback: (_error, message) => {
        heard.push(message.string());
      },
    }),
  );
  await connected(link);

  await nats.kill();
  await disconnected(link);
  await nats.start();
  await connected(link);

  const other = await connect({ servers: nats.url.slice('nats://'.length) });
  onTestFinished(() => other.close());
  other.publish('ems.test', 'after');
  await expect.poll(() => heard).toEqual(['after']);
});

test('closing sends what was announced just before', async () => {
  const { url } = await natsAccount();
  const [listener, speaker] = [linkTo(url), linkTo(url)];
  await connected(listener);
  await connected(speaker);
  const heard: unknown[] = [];
  listener.connection?.subscribe('ems.control.x', {
    callback: (_error, message) => {
      heard.push(message.json());
    },
  });
  await listener.connection?.flush();

  new ControlBus(speaker).announce('ems.control.x', { version: 1 });
  await speaker.close();
  await expect.poll(() => heard).toEqual([{ version: 1 }]);
});

test('a link that lost its server closes at once', async () => {
  const nats = await ownNats();
  await nats.start();
  const link = linkTo(nats.url);
  await connected(link);
  await nats.kill();
  await disconnected(link);

  const before = performance.now();
  await link.close();
  expect(performance.now() - before).toBeLessThan(1_500);
});
