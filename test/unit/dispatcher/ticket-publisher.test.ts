import { expect, test, vi } from 'vitest';
import type { Sql } from '#libs/database';
import type { WorkQueue } from '#libs/nats';
import { TicketPublisher } from '../../../apps/dispatcher/duties/ticket-publisher.js';
import { SendSwitch } from '../../../apps/dispatcher/process/send-switch.js';
import type { LeaseKeeper } from '../../../apps/dispatcher/take/lease-keeper.js';
import { aConfig } from './dispatcher-fixture.js';

/** A publisher over a Postgres in which two batches are due. */
function aPublisher({ isWaitedFor = true, ready = true, breakerOpen = false } = {}) {
  const due = [11, 12].map((batchId) => ({ batchId, mailingId: 1, fence: 0, dueAt: 0 }));
  const query = vi.fn<() => Promise<object[]>>(async () => due);
  const publish = vi.fn<WorkQueue['publish']>(async (tickets) => tickets.length);
  const publisher = new TicketPublisher(
    aConfig(),
    { query } as unknown as Sql,
    { ready, isWaitedFor: async () => isWaitedFor, publish } as unknown as WorkQueue,
    Object.assign(new SendSwitch(), { breakerOpen }),
    { waitingMailings: [] } as unknown as LeaseKeeper,
  );
  return { publisher, query, publish, due };
}

test('while a lane waits, what is due gets tickets', async () => {
  const { publisher, publish, due } = aPublisher();
  expect(await publisher.runOnce()).toEqual({ published: 2 });
  expect(publish).toHaveBeenCalledExactlyOnceWith(due);
});

test.each([
  ['no lane waits', { isWaitedFor: false }],
  ['NATS is away', { ready: false }],
  ['the breaker is open', { breakerOpen: true }],
])('while %s, Postgres is not even asked', async (_, given) => {
  const { publisher, query, publish } = aPublisher(given);
  expect(await publisher.runOnce()).toEqual({ published: 0 });
  expect(query).not.toHaveBeenCalled();
  expect(publish).not.toHaveBeenCalled();
});
