import { headers } from '@nats-io/transport-node';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { ControlBus, controlSubjects, type MailingConfirmed, NatsLink } from '#libs/nats';
import { natsAccount } from '../../support/services.js';
import { ownNats } from './own-nats.js';

let url: string;

beforeEach(async () => {
  ({ url } = await natsAccount());
});

async function connectedLink(address = url): Promise<NatsLink> {
  const link = new NatsLink({ servers: [address], name: 'test' });
  onTestFinished(() => link.close());
  link.start();
  await expect.poll(() => link.isConnected).toBe(true);
  return link;
}

/** Answers each change with its own id, as a dispatcher does. */
async function dispatcher(dispatcherId: string): Promise<void> {
  const link = await connectedLink();
  link.connection?.subscribe(controlSubjects.mailing, {
    callback: (_error, message) => {
      const { version } = message.json<{ version: number }>();
      message.respond(JSON.stringify({ dispatcherId, version, inFlight: 2 }));
    },
  });
  await link.connection?.flush();
}

/** What anyone hears of a subject, in its order. */
async function heard(): Promise<number[]> {
  const versions: number[] = [];
  const link = await connectedLink();
  link.connection?.subscribe(controlSubjects.mailing, {
    callback: (_error, message) => void versions.push(message.json<{ version: number }>().version),
  });
  await link.connection?.flush();
  return versions;
}

const change = { mailingId: 7, version: 3, change: 'paused' };

test('a question collects the replies of everyone until there are enough', async () => {
  await Promise.all([dispatcher('a'), dispatcher('b')]);
  const bus = new ControlBus(await connectedLink());
  const before = performance.now();
  const replies = await bus.ask<MailingConfirmed>(controlSubjects.mailing, change, {
    timeoutMs: 10_000,
    enough: (replies) => replies.length === 2,
  });
  expect(replies.map((reply) => reply.dispatcherId).toSorted()).toEqual(['a', 'b']);
  expect(replies[0]).toMatchObject({ version: 3, inFlight: 2 });
  expect(performance.now() - before).toBeLessThan(5_000);
});

test('a question ends with its time when not all answer', async () => {
  await dispatcher('a');
  const bus = new ControlBus(await connectedLink());
  const before = performance.now();
  const replies = await bus.ask<MailingConfirmed>(controlSubjects.mailing, change, {
    timeoutMs: 300,
    enough: (replies) => replies.length === 2,
  });
  expect(replies).toHaveLength(1);
  expect(performance.now() - before).toBeGreaterThan(290);
});

test('a question that nobody listens to is answered by nobody, without a wait', async () => {
  const bus = new ControlBus(await connectedLink());
  const before = performance.now();
  const replies = await bus.ask(controlSubjects.mailing, change, { timeoutMs: 10_000, enough: () => true });
  expect(replies).toEqual([]);
  expect(performance.now() - before).toBeLessThan(5_000);
});

test('replies that are errors or not JSON are left out', async () => {
  const link = await connectedLink();
  const marks = headers();
  marks.set('Nats-Service-Error-Code', '500');
  link.connection?.subscribe(controlSubjects.mailing, {
    callback: (_error, message) => {
      message.respond('{"status":500}', { headers: marks });
    },
  });
  link.connection?.subscribe(controlSubjects.mailing, {
    callback: (_error, message) => {
      message.respond('not json');
    },
  });
  await link.connection?.flush();
  await dispatcher('a');
  const bus = new ControlBus(await connectedLink());
  const replies = await bus.ask<MailingConfirmed>(controlSubjects.mailing, change, {
    timeoutMs: 10_000,
    enough: (replies) => replies.length === 1,
  });
  expect(replies).toEqual([{ dispatcherId: 'a', version: 3, inFlight: 2 }]);
});

test('announcements that can wait go out by themselves, all in their order', async () => {
  const versions = await heard();
  const bus = new ControlBus(await connectedLink());
  for (const version of [1, 2]) bus.announce(controlSubjects.mailing, { version }, { canWait: true });
  await expect.poll(() => versions).toEqual([1, 2]);
});

test('an announcement and a question overtake none that waits', async () => {
  const versions = await heard();
  const bus = new ControlBus(await connectedLink());
  bus.announce(controlSubjects.mailing, { version: 1 }, { canWait: true });
  bus.announce(controlSubjects.mailing, { version: 2 });
  bus.announce(controlSubjects.mailing, { version: 3 }, { canWait: true });
  await bus.ask(controlSubjects.mailing, { version: 4 }, { timeoutMs: 1, enough: () => true });
  await expect.poll(() => versions).toEqual([1, 2, 3, 4]);
});

test('what waits at a shutdown goes out, and what comes after that does not wait', async () => {
  const versions = await heard();
  const link = await connectedLink();
  const bus = new ControlBus(link);
  bus.announce(controlSubjects.mailing, { version: 1 }, { canWait: true });
  bus.beforeApplicationShutdown();
  bus.announce(controlSubjects.mailing, { version: 2 }, { canWait: true });
  await link.close();
  await expect.poll(() => versions).toEqual([1, 2]);
});

test('without NATS nothing throws and nothing waits', async () => {
  const nats = await ownNats();
  const link = new NatsLink({ servers: [nats.url], name: 'test' });
  onTestFinished(() => link.close());
  link.start();
  const bus = new ControlBus(link);
  bus.announce(controlSubjects.mailing, change, { canWait: true });
  bus.announce(controlSubjects.mailing, change);
  const before = performance.now();
  expect(await bus.ask(controlSubjects.mailing, change, { timeoutMs: 10_000, enough: () => true })).toEqual(
    [],
  );
  expect(performance.now() - before).toBeLessThan(1_000);
});
