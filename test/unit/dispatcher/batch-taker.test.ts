import { expect, test, vi } from 'vitest';
import type { WorkQueue } from '#libs/nats';
import { SendSwitch } from '../../../apps/dispatcher/process/send-switch.js';
import { BatchTaker } from '../../../apps/dispatcher/take/batch-taker.js';
import type { LeaseKeeper } from '../../../apps/dispatcher/take/lease-keeper.js';
import { ServingMemory } from '../../../apps/dispatcher/take/serving-memory.js';
import { aConfig, anOpenBatch } from './dispatcher-fixture.js';

/** Of two lanes, with a queue that has no tickets and a Postgres that has enough to do. */
function aTaker(pollMs = 100) {
  const fetch = vi.fn<WorkQueue['fetch']>(async () => []);
  const leaseDue = vi.fn<LeaseKeeper['leaseDue']>(async () => anOpenBatch());
  const sendSwitch = new SendSwitch();
  const taker = new BatchTaker(
    { ...aConfig({ DISPATCHER_LANES: '2' }), pollMs },
    { ready: true, fetch } as unknown as WorkQueue,
    { leaseDue } as unknown as LeaseKeeper,
    sendSwitch,
    new ServingMemory(),
  );
  return { taker, fetch, leaseDue, sendSwitch };
}

test('who has found a batch looks for the next one without waiting for a ticket', async () => {
  const { taker, fetch } = aTaker();
  for (let nth = 0; nth < 5; nth += 1) expect(await taker.take()).toBeDefined();
  expect(fetch).not.toHaveBeenCalled();
});

test('at the start each lane looks, and who finds nothing waits for a ticket from then on', async () => {
  const { taker, fetch, leaseDue } = aTaker();
  leaseDue.mockResolvedValue(undefined);
  await Promise.all([taker.take(), taker.take()]);
  expect(fetch).not.toHaveBeenCalled();
  await taker.take();
  expect(fetch).toHaveBeenCalledOnce();
});

test('once Postgres is back they do so again', async () => {
  const { taker, fetch, leaseDue } = aTaker();
  leaseDue.mockResolvedValueOnce(undefined).mockResolvedValueOnce(undefined);
  for (let nth = 0; nth < 2; nth += 1) await taker.take();
  leaseDue.mockRejectedValueOnce(new Error('Postgres is away'));
  expect(await taker.take()).toBeUndefined();
  fetch.mockClear();
  await Promise.all([taker.take(), taker.take()]);
  expect(fetch).not.toHaveBeenCalled();
});

test('once the provider is back they do so again, and none sleeps on', async () => {
  const { taker, fetch, leaseDue, sendSwitch } = aTaker(3_600_000);
  leaseDue.mockResolvedValueOnce(undefined).mockResolvedValueOnce(undefined);
  for (let nth = 0; nth < 2; nth += 1) await taker.take();
  sendSwitch.breakerOpen = true;
  const asleep = [taker.take(), taker.take()];
  sendSwitch.breakerOpen = false;
  taker.lookAtOnce();
  expect(await Promise.all(asleep)).toEqual([undefined, undefined]);
  expect(await taker.take()).toBeDefined();
  expect(await taker.take()).toBeDefined();
  expect(fetch).not.toHaveBeenCalled();
});

/**
 * One lane that has looked once already and found nothing, with tickets, and something more urgent as often as `urgent`
 * says.
 */
async function aTakerWithTickets(...urgent: (number | undefined)[]) {
  const ack = vi.fn<(batchId: number) => void>();
  const tickets = [11, 12].map((batchId) => ({ batchId, fence: 0, ack: () => ack(batchId) }));
  const taker = new BatchTaker(
    aConfig({ DISPATCHER_LANES: '1', POLL_MS: '100' }),
    { ready: true, fetch: async () => tickets.splice(0, 1) } as unknown as WorkQueue,
    {
      leaseTicketed: async ({ id }) => anOpenBatch({ id }),
      leaseDue: async () => {
        const id = urgent.shift();
        return id === undefined ? undefined : anOpenBatch({ id });
      },
      isOutranked: async () => urgent.length > 0,
    } as Partial<LeaseKeeper> as LeaseKeeper,
    new SendSwitch(),
    new ServingMemory(),
  );
  urgent.unshift(undefined);
  await taker.take();
  return { take: async () => (await taker.take())?.id, ack };
}

test('a ticket gives way to what is more urgent, and comes next afterwards', async () => {
  const { take, ack } = await aTakerWithTickets(901, 902);
  expect([await take(), await take()]).toEqual([901, 902]);
  expect(await take(), 'there is nothing more of it').toBeUndefined();
  expect(ack).not.toHaveBeenCalled();
  expect([await take(), await take(), await take()]).toEqual([11, undefined, 12]);
  expect(ack.mock.calls).toEqual([[11], [12]]);
});

test('a ticket is taken up when another dispatcher was faster with what is more urgent', async () => {
  const { take, ack } = await aTakerWithTickets(undefined);
  expect(await take()).toBe(11);
  expect(ack).toHaveBeenCalledExactlyOnceWith(11);
});
