import { expect, test, vi } from 'vitest';
import { SendSwitch } from '../../../apps/dispatcher/process/send-switch.js';
import type { BatchRunner } from '../../../apps/dispatcher/take/batch-runner.js';
import type { LeaseKeeper } from '../../../apps/dispatcher/take/lease-keeper.js';
import type { SendLanes } from '../../../apps/dispatcher/take/send-lanes.js';
import { ServingMemory } from '../../../apps/dispatcher/take/serving-memory.js';
import { UrgentLane } from '../../../apps/dispatcher/take/urgent-lane.js';
import { anOpenBatch } from './dispatcher-fixture.js';

/** Beside lanes that are busy, with nothing below priority 3, unless told otherwise; one batch of priority 9 is due. */
function anUrgentLane(
  given: { leastUrgent?: number | undefined; breakerOpen?: boolean; stopping?: boolean } = {},
) {
  const urgent = [anOpenBatch({ id: 901, mailingId: 9, priority: 9 })];
  const leaseDue = vi.fn<LeaseKeeper['leaseDue']>(async () => urgent.shift());
  const run = vi.fn<BatchRunner['run']>(async () => {});
  const memory = new ServingMemory();
  const { leastUrgent, breakerOpen, stopping } = {
    leastUrgent: 3,
    breakerOpen: false,
    stopping: false,
    ...given,
  };
  const lane = new UrgentLane(
    { leastUrgent } as SendLanes,
    { leaseDue } as unknown as LeaseKeeper,
    Object.assign(new SendSwitch(), { breakerOpen, stopping }),
    memory,
    { run } as unknown as BatchRunner,
  );
  return { lane, leaseDue, run, memory };
}

test('what is more urgent than what the lanes send is sent beside it', async () => {
  const { lane, leaseDue, run, memory } = anUrgentLane();
  expect(await lane.runOnce()).toEqual({ ran: true });
  expect(await lane.runOnce()).toEqual({ ran: false });
  expect(leaseDue).toHaveBeenCalledWith(expect.objectContaining({ above: 3 }));
  expect(run.mock.calls.map(([batch]) => batch.id)).toEqual([901]);
  expect(memory.nextOrder().recentMailings).toEqual([9]);
});

test.each([
  ['while a lane is free, which takes it', { leastUrgent: undefined }],
  ['while the provider is down', { breakerOpen: true }],
  ['once the dispatcher stops', { stopping: true }],
])('nothing is taken %s', async (_when, given) => {
  const { lane, leaseDue } = anUrgentLane(given);
  expect(await lane.runOnce()).toEqual({ ran: false });
  expect(leaseDue).not.toHaveBeenCalled();
});
