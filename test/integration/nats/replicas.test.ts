import { jetstreamManager } from '@nats-io/jetstream';
import { Logger } from '@nestjs/common';
import { expect, onTestFinished, test, vi } from 'vitest';
import { workStreamCheck } from '#libs/health';
import { NatsLink, WorkQueue } from '#libs/nats';
import { natsAccount } from '../../support/services.js';
import { natsCluster } from './nats-cluster.js';

async function setup(url: string, replicas?: number) {
  const link = new NatsLink({ servers: url.split(','), name: 'test' });
  onTestFinished(() => link.close());
  link.start();
  await expect.poll(() => link.isConnected).toBe(true);
  const queue = new WorkQueue(link, replicas);
  const manager = async () => {
    if (!link.connection) throw new Error('NATS is away');
    return jetstreamManager(link.connection, { checkAPI: false });
  };
  const stream = async () => (await manager()).streams.info('EMS_WORK');
  return { link, queue, manager, stream, health: () => workStreamCheck(queue).look() };
}

function warnings(): string[] {
  const warned = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  onTestFinished(() => warned.mockRestore());
  return warned.mock.calls as unknown as string[];
}

let nextBatch = 1;

/** A ticket that has not been published yet goes through: in and out again. */
async function ticketsFlow(publisher: WorkQueue, taker: WorkQueue): Promise<void> {
  const batchId = (nextBatch += 1);
  const given = { batchId, fence: 0, dueAt: 1_700_000_000_000 };
  await expect.poll(() => publisher.publish([given])).toBe(1);
  const taken: number[] = [];
  await expect
    .poll(async () => {
      for (const ticket of await taker.fetch(10, 1_000)) {
        taken.push(ticket.batchId);
        ticket.ack();
      }
      return taken;
    })
    .toContain(batchId);
}

test('the stream is kept in one copy unless told otherwise', async () => {
  const { queue, stream, health } = await setup((await natsAccount()).url);
  await ticketsFlow(queue, queue);
  expect((await stream()).config.num_replicas).toBe(1);
  expect(await health()).toMatchObject({ status: 'up', copies: 1 });
});

test('a server that is in no cluster keeps one copy: tickets flow, and the log and health say so', async () => {
  const warned = warnings();
  const { queue, stream, health } = await setup((await natsAccount()).url, 3);
  await ticketsFlow(queue, queue);

  expect((await stream()).config.num_replicas).toBe(1);
  const message = 'NATS keeps 1 of the 3 copies of NATS_REPLICAS: run a NATS cluster of at least 3 servers.';
  expect(warned.flat()).toEqual([message]);
  expect(await health()).toMatchObject({ status: 'degraded', message, stream: 'ok', consumer: 'ok' });
});

test('a stream that a single server has already is left as it is, number and tickets', async () => {
  const { url } = await natsAccount();
  const { queue: one } = await setup(url);
  await one.publish([{ batchId: 1, fence: 0, dueAt: 0 }]);
  const { queue: three, stream } = await setup(url, 3);
  const taken = await three.fetch(10, 1_000);
  expect(taken.map(({ batchId }) => batchId)).toEqual([1]);
  expect((await stream()).config.num_replicas).toBe(1);
});

test('what is short of copies is asked for again a minute later, and not before', async () => {
  const { link, queue } = await setup((await natsAccount()).url, 3);
  await ticketsFlow(queue, queue);
  let looks = 0;
  link.connection?.subscribe('$JS.API.STREAM.INFO.EMS_WORK', { callback: () => void (looks += 1) });
  await link.connection?.flush();
  await ticketsFlow(queue, queue);
  expect(looks).toBe(0);

  const now = performance.now.bind(performance);
  const later = vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000);
  onTestFinished(() => later.mockRestore());
  await ticketsFlow(queue, queue);
  expect(looks).toBe(1);
});

test('three servers keep three copies, and the tickets outlast the one that led them', async () => {
  const { url, servers } = await natsCluster();
  const publisher = await setup(url, 3);
  // Alone at first: a second one would set right what the first has made.
  await ticketsFlow(publisher.queue, publisher.queue);
  const { config, cluster } = await publisher.stream();
  expect(config.num_replicas).toBe(3);
  expect(cluster?.replicas).toHaveLength(2);
  const consumer = await (await publisher.manager()).consumers.info('EMS_WORK', 'dispatchers');
  expect(consumer.cluster?.replicas).toHaveLength(2);
  expect(await publisher.health()).toMatchObject({ status: 'up', copies: 3 });
  const taker = await setup(url, 3);
  await ticketsFlow(publisher.queue, taker.queue);

  const leader = Number(cluster?.leader?.split('-')[1]) - 1;
  await servers[leader]?.kill();
  await ticketsFlow(publisher.queue, taker.queue);
});

test('in a cluster a stream follows the setting, and one that finds no room stays as it is', async () => {
  const warned = warnings();
  const { url } = await natsCluster();
  const { queue, stream } = await setup(url);
  await expect.poll(() => queue.publish([]).then(() => queue.ready)).toBe(true);
  expect((await stream()).config.num_replicas).toBe(1);

  const three = await setup(url, 3);
  await expect.poll(() => three.queue.ready).toBe(true);
  expect((await stream()).config.num_replicas).toBe(3);

  const five = await setup(url, 5);
  await expect.poll(() => five.queue.ready).toBe(true);
  expect((await stream()).config.num_replicas).toBe(3);
  expect(warned.flat().join('\n')).toContain('3 of the 5 copies of NATS_REPLICAS');
});

test('a cluster that has too few servers for a new stream gets none, and the log says why', async () => {
  const warned = warnings();
  const { url } = await natsCluster();
  const { queue, health } = await setup(url, 5);
  await expect
    .poll(async () => {
      await queue.publish([{ batchId: 1, fence: 0, dueAt: 0 }]);
      return warned.flat().join('\n');
    })
    .toContain('5 copies (NATS_REPLICAS) are refused: no suitable peers');
  expect(await queue.fetch(1, 200)).toEqual([]);
  expect(await health()).toMatchObject({ status: 'degraded', stream: 'missing' });
});
