import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../test/support/until.js';
import type { BenchWorld } from '../world.js';
import { type Updates, updatesOf, walOf } from './footprint.js';

/** What one mailing cost, planned to the end before the first message is sent. */
export interface NewMailing {
  /** Microseconds a message. */
  planning: number;
  sending: number;
  /** Bytes a message. */
  planningWal: number;
  sendingWal: number;
  updates: Updates;
}

/** Sends a mailing to the tag's `count` clients, and lets the service remove it again. */
export async function sendNewMailing(world: BenchWorld, tag: string, count: number): Promise<NewMailing> {
  await world.hold();
  await world.settle();
  await world.sink.reset();
  let id = 0;
  let planning = 0;
  const planningWal = await walOf(world, async () => {
    const startedAt = performance.now();
    id = await world.mailing(tag);
    await world.planned(id, 5);
    planning = performance.now() - startedAt;
  });
  let updates: Updates = { all: 0, hot: 0 };
  const sendingWal = await walOf(world, async () => {
    updates = await updatesOf(world, count, async () => {
      await world.letGo();
      await world.completed(id, count);
    });
  });
  const sending = 1e6 / (await world.sink.rate(count));
  await remove(world, id);
  return {
    planning: (planning * 1_000) / count,
    sending,
    planningWal: planningWal / count,
    sendingWal: sendingWal / count,
    updates,
  };
}

/** So that each mailing meets as many old messages as the one before, and no vacuum of their remains. */
async function remove(world: BenchWorld, id: number): Promise<void> {
  const { status } = await world.rest.delete(`/v1/mailings/${id}`);
  if (status !== 204) throw new Error(`Deleting mailing ${id} was answered with ${status}`);
  await until(
    `mailing ${id} is gone`,
    async () => (await world.query('SELECT FROM mailings WHERE id = $1', [id])).length === 0,
    120_000,
  );
  await world.query('VACUUM messages, batches, mailings, mailing_counters');
  await wait(500);
}
