import { jetstreamManager } from '@nats-io/jetstream';
import { expect, onTestFinished, test } from 'vitest';
import { NatsLink, type Ticket, WorkQueue } from '#libs/nats';
import { natsAccount } from '../../support/services.js';
import { ownNats } from './own-nats.js';

async function setup(address?: string) {
  const url = address ?? (await natsAccount()).url;
  const link = new NatsLink({ servers: [url], name: 'test' });
  onTestFinished(() => link.close());
  link.start();
  await expect.poll(() => link.isConnected).toBe(true);
  const queue = new WorkQueue(link);
  const manager = async () => {
    if (!link.connection) throw new Error('NATS is away');
    return jetstreamManager(link.connection, { checkAPI: false });
  };
  return { url, link, queue, manager };
}

const ticket = (batchId: number, more: Partial<Ticket> = {}): Ticket => ({
  batchId,
  fence: 0,
  dueAt: 1_700_000_000_000,
  ...more,
});

const ids = (tickets: readonly { batchId: number }[]) => tickets.map(({ batchId }) => batchId);

test('what is published is fetched once, and gone when acknowledged', async () => {
  const { queue, manager } = await setup();
  expect(await queue.publish([ticket(1), ticket(2, { fence: 5 }), ticket(3)])).toBe(3);

  const first = await queue.fetch(2, 1_000);
  const second = await queue.fetch(2, 1_000);
  expect(ids([...first, ...second])).toEqual([1, 2, 3]);
  expect(first[1]?.fence).toBe(5);
  for (const taken of [...first, ...second]) taken.ack();
  await expect.poll(async () => (await (await manager()).streams.info('EMS_WORK')).state.messages).toBe(0);
});

test('what is ready comes at once, without waiting for as many as were asked for', async () => {
  const { queue } = await setup();
  await queue.publish([ticket(1), ticket(2)]);
  const before = performance.now();
  expect(ids(await queue.fetch(64, 5_000))).toEqual([1, 2]);
  expect(performance.now() - before).toBeLessThan(2_000);
});

test('a fetch that is waiting gets a ticket as soon as there is one', async () => {
  const { url, queue } = await setup();
  const { queue: publisher } = await setup(url);
  await queue.publish([]);
  const before = performance.now();
  const waiting = queue.fetch(10, 10_000);
  await publisher.publish([ticket(9)]);
  expect(ids(await waiting)).toEqual([9]);
  expect(performance.now() - before).toBeLessThan(5_000);
});

test('two dispatchers share the tickets', async () => {
  const { url, queue: one } = await setup();
  const { queue: other } = await setup(url);
  await one.publish(Array.from({ length: 20 }, (_, index) => ticket(index)));
  const halves = await Promise.all([one.fetch(10, 1_000), other.fetch(10, 1_000)]);
  expect(ids(halves.flat()).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, index) => index),
  );
});

test('it is known whether anybody waits for a ticket, in whichever process', async () => {
  const { url, queue } = await setup();
  const { queue: other } = await setup(url);
  expect(await queue.isWaitedFor()).toBe(false);
  const waiting = other.fetch(1, 10_000);
  await expect.poll(() => queue.isWaitedFor()).toBe(true);
  await queue.publish([ticket(1)]);
  await waiting;
  await expect.poll(() => queue.isWaitedFor()).toBe(false);
});

test('a ticket published twice is handed out once, one with a new due time again', async () => {
  const { queue } = await setup();
  expect(await queue.publish([ticket(1), ticket(1)])).toBe(2);
  expect(await queue.publish([ticket(1, { dueAt: 1_700_000_000_001 })])).toBe(1);
  expect(ids(await queue.fetch(10, 1_000))).toEqual([1, 1]);
});

test.each([100, 1_200])('an empty queue keeps a fetch for the %i ms given, no longer', async (waitMs) => {
  const { queue } = await setup();
  await queue.fetch(1, 1);
  const before = performance.now();
  expect(await queue.fetch(10, waitMs)).toEqual([]);
  expect(performance.now() - before).toBeGreaterThan(waitMs - 10);
  expect(performance.now() - before).toBeLessThan(waitMs + 800);
  expect(queue.ready).toBe(true);
});

test('a message that is no ticket is thrown away', async () => {
  const { link, queue } = await setup();
  await queue.publish([]);
  expect(await queue.fetch(1, 100)).toEqual([]);
  link.connection?.publish('ems.work.batch', 'not json');
  link.connection?.publish('ems.work.other', JSON.stringify({ batchId: 'x' }));
  await queue.publish([ticket(4)]);
  await expect.poll(async () => ids(await queue.fetch(10, 1_000))).toEqual([4]);
});

test.each(['stream', 'consumer'])('a deleted %s is made anew by whoever needs it', async (what) => {
  const { queue, manager } = await setup();
  await queue.publish([ticket(1)]);
  await queue.fetch(1, 1_000);
  if (what === 'stream') await (await manager()).streams.delete('EMS_WORK');
  else await (await manager()).consumers.delete('EMS_WORK', 'dispatchers');

  expect(await queue.state()).toMatchObject({
    consumer: 'missing',
    stream: what === 'stream' ? 'missing' : 'ok',
  });
  expect(await queue.fetch(1, 200)).toEqual([]);
  await expect
    .poll(async () => (await queue.publish([ticket(2)])) && ids(await queue.fetch(5, 500)))
    .toContain(2);
  expect(await queue.state()).toMatchObject({ stream: 'ok', consumer: 'ok' });
});

test('a stream of an older version is brought to the present settings', async () => {
  const { queue, manager } = await setup();
  await (
    await manager()
  ).streams.add({
    name: 'EMS_WORK',
    subjects: ['ems.work.batch'],
    retention: 'workqueue',
    max_age: 60_000_000_000,
  });
  expect(await queue.publish([ticket(1)])).toBe(1);
  const { config } = await (await manager()).streams.info('EMS_WORK');
  expect(config).toMatchObject({
    subjects: ['ems.work.>'],
    max_age: 600_000_000_000,
    duplicate_window: 5_000_000_000,
  });
});

test('tickets that nobody takes fill no disk: the oldest make room', async () => {
  const { queue, link, manager } = await setup();
  await queue.publish(Array.from({ length: 10_050 }, (_, index) => ticket(index)));
  expect(ids(await queue.fetch(1, 1_000))).toEqual([50]);
  link.connection?.publish('ems.work.batch', 'x'.repeat(2_000));
  await queue.publish([ticket(20_000)]);
  const { state } = await (await manager()).streams.info('EMS_WORK');
  expect(state).toMatchObject({ messages: 10_000, last_seq: 10_051 });
});

test('kill -9 of NATS leaves no fetch hanging, and a wiped store is made anew', async () => {
  const nats = await ownNats();
  await nats.start();
  const { link, queue } = await setup(nats.url);
  await queue.publish([ticket(1)]);
  expect(ids(await queue.fetch(1, 1_000))).toEqual([1]);

  const waiting = queue.fetch(1, 1_500);
  await nats.kill();
  expect(await waiting).toEqual([]);
  expect(queue.ready).toBe(false);
  expect(await queue.publish([ticket(2)])).toBe(0);
  expect(await queue.state()).toEqual({ stream: 'unknown', consumer: 'unknown', pending: 0, copies: 0 });

  await nats.wipe();
  await nats.start();
  await expect.poll(() => link.isConnected).toBe(true);
  await expect.poll(async () => queue.publish([ticket(3)])).toBe(1);
  expect(ids(await queue.fetch(1, 1_000))).toEqual([3]);
  expect(queue.ready).toBe(true);
});

test('a NATS that hangs costs a few seconds, not more, and is used again when it goes on', async () => {
  const nats = await ownNats();
  await nats.start();
  const { queue } = await setup(nats.url);
  await queue.publish([ticket(1)]);
  for (const taken of await queue.fetch(1, 1_000)) taken.ack();
  nats.hang();
  const before = performance.now();
  expect(await queue.fetch(1, 1_000)).toEqual([]);
  expect(await queue.publish([ticket(2)])).toBe(0);
  expect(await queue.state()).toMatchObject({ stream: 'unknown' });
  expect(performance.now() - before).toBeLessThan(8_000);

  nats.proceed();
  await expect.poll(() => queue.ready).toBe(true);
  expect(await queue.publish([ticket(3)])).toBe(1);
  expect(ids(await queue.fetch(5, 1_000))).toContain(3);
});

test('asking whether it is ready makes it so', async () => {
  const { queue } = await setup();
  await expect.poll(() => queue.ready).toBe(true);
  expect(await queue.state()).toEqual({ stream: 'ok', consumer: 'ok', pending: 0, copies: 1 });
});
