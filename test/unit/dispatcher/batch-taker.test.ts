import { expect, test, vi } from 'vitest';
import type { WorkQueue } from '#libs/nats';
import { BatchTaker } from '../../../apps/dispatcher/sending/batch-taker.js';
import type { LeaseHolder } from '../../../apps/dispatcher/sending/lease-holder.js';
import type { SendGate } from '../../../apps/dispatcher/sending/send-gate.js';
import { ServingMemory } from '../../../apps/dispatcher/sending/serving-memory.js';
import { aConfig, anOpenBatch } from './dispatcher-fixture.js';

/** Of two lanes, with a queue that has no tickets and a Postgres that has enough to do. */
function aTaker(pollMs = 100) {
  const fetch = vi.fn<WorkQueue['fetch']>(async () => []);
  const takeDue = vi.fn<LeaseHolder['takeDue']>(async () => anOpenBatch());
  const gate = { breakerOpen: false, stopping: false } as SendGate;
  const taker = new BatchTaker(
    { ...aConfig({ DISPATCHER_LANES: '2' }), pollMs },
    { ready: true, fetch } as unknown as WorkQueue,
    { takeDue } as unknown as LeaseHolder,
    gate,
    new ServingMemory(),
  );
  return { taker, fetch, takeDue, gate };
}

test('at the start each lane takes what is due without waiting for a ticket', async () => {
  const { taker, fetch } = aTaker();
  expect(await taker.take()).toBeDefined();
  expect(await taker.take()).toBeDefined();
  expect(fetch).not.toHaveBeenCalled();
  expect(await taker.take()).toBeDefined();
  expect(fetch, 'then tickets tell who takes what').toHaveBeenCalledOnce();
});

test('once Postgres is back they do so again', async () => {
  const { taker, fetch, takeDue } = aTaker();
  for (let nth = 0; nth < 3; nth += 1) await taker.take();
  takeDue.mockRejectedValueOnce(new Error('Postgres is away'));
  expect(await taker.take()).toBeUndefined();
  fetch.mockClear();
  await Promise.all([taker.take(), taker.take()]);
  expect(fetch).not.toHaveBeenCalled();
});

test('once the provider is back they do so again, and none sleeps on', async () => {
  const { taker, fetch, gate } = aTaker(3_600_000);
  for (let nth = 0; nth < 2; nth += 1) await taker.take();
  gate.breakerOpen = true;
  const asleep = [taker.take(), taker.take()];
  gate.breakerOpen = false;
  taker.lookAtOnce();
  expect(await Promise.all(asleep)).toEqual([undefined, undefined]);
  expect(await taker.take()).toBeDefined();
  expect(await taker.take()).toBeDefined();
  expect(fetch).not.toHaveBeenCalled();
});
