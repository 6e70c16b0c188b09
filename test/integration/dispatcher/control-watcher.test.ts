import { expect, test } from 'vitest';
import { findRecentControlChanges } from '#libs/messages';
import { ControlWatcher } from '../../../apps/dispatcher/control/control-watcher.js';
import { DatabaseClock } from '../../../apps/dispatcher/database-clock.js';
import type { DispatcherIdentity } from '../../../apps/dispatcher/dispatcher-identity.js';
import type { LeaseHolder } from '../../../apps/dispatcher/sending/lease-holder.js';
import type { MessageSender } from '../../../apps/dispatcher/sending/message-sender.js';
import { SendGate } from '../../../apps/dispatcher/sending/send-gate.js';
import { setup } from '../../support/queue-scenario.js';
import { aConfig, anOpenBatch } from '../../unit/dispatcher/dispatcher-fixture.js';

/** A dispatcher that holds a batch of a running mailing. */
async function aWatcher() {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing();
  const { id } = await scenario.dispatcher();
  const clock = new DatabaseClock();
  clock.observe(await scenario.now(), performance.now());
  const gate = new SendGate(aConfig(), clock);
  const batch = anOpenBatch({ mailingId: mailing });
  const watcher = new ControlWatcher(
    scenario.sql,
    { id } as DispatcherIdentity,
    gate,
    { drop: () => {}, countInFlight: () => 0 } as unknown as MessageSender,
    { openBatches: new Set([batch]) } as unknown as LeaseHolder,
  );
  return { ...scenario, mailing, gate, batch, watcher };
}

test('a mailing that was resumed while Postgres was away for more than a minute is sent again', async () => {
  const { sql, mailing, setStatus, shiftClock, gate, batch, watcher } = await aWatcher();
  await setStatus(mailing, 'paused');
  await watcher.runOnce();
  expect(gate.refusal(batch)).toBe('stopped');

  await setStatus(mailing, 'running');
  await shiftClock('61s');
  expect(await findRecentControlChanges(sql)).toEqual([]);
  await watcher.runOnce();
  expect(gate.refusal(batch)).toBeUndefined();
});

test('a mailing that stays paused for longer than a minute stays stopped while a batch of it is held', async () => {
  const { mailing, setStatus, shiftClock, gate, batch, watcher } = await aWatcher();
  await setStatus(mailing, 'paused');
  await watcher.runOnce();
  await shiftClock('61s');
  await watcher.runOnce();
  expect(gate.refusal(batch)).toBe('stopped');
});
