import { expect, test } from 'vitest';
import type { Sql } from '#libs/database';
import { findRecentControlChanges } from '#libs/queue/watch';
import { ControlWatcher } from '../../../apps/dispatcher/control/control-watcher.js';
import { DatabaseClock } from '../../../apps/dispatcher/process/database-clock.js';
import type { DispatcherIdentity } from '../../../apps/dispatcher/process/dispatcher-identity.js';
import { SendSwitch } from '../../../apps/dispatcher/process/send-switch.js';
import type { MessageSender } from '../../../apps/dispatcher/send/message-sender.js';
import { SendGate } from '../../../apps/dispatcher/send/send-gate.js';
import type { LeaseKeeper } from '../../../apps/dispatcher/take/lease-keeper.js';
import { setup } from '../../support/queue-scenario.js';
import { aConfig, anOpenBatch } from '../../unit/dispatcher/dispatcher-fixture.js';

/** A dispatcher that holds a batch of a running mailing. What happens before each of its statements is `before`'s. */
async function aWatcher(before: (statement: string) => void = () => {}) {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing();
  const { id } = await scenario.dispatcher();
  const clock = new DatabaseClock();
  clock.observe(await scenario.now(), performance.now());
  const gate = new SendGate(aConfig(), clock, new SendSwitch());
  const batch = anOpenBatch({ mailingId: mailing });
  const openBatches = new Set([batch]);
  const query: Sql['query'] = (statement, values) => {
    before(statement.name);
    return scenario.sql.query(statement, values);
  };
  const watcher = new ControlWatcher(
    { query } as Sql,
    { id } as DispatcherIdentity,
    gate,
    { drop: () => {}, countInFlight: () => 0 } as unknown as MessageSender,
    { openBatches } as unknown as LeaseKeeper,
  );
  return { ...scenario, mailing, gate, batch, openBatches, watcher };
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

test('a pause that is heard while lasting ones are asked for is kept, if a batch of it was taken meanwhile', async () => {
  let meanwhile = () => {};
  const dispatcher = await aWatcher((statement) => {
    if (statement === 'control-changes-of-mailings') meanwhile();
  });
  const { mailing, setStatus, shiftClock, gate, openBatches, watcher } = dispatcher;
  await setStatus(mailing, 'paused');
  await watcher.runOnce();
  await shiftClock('61s');

  const other = anOpenBatch({ mailingId: mailing + 1 });
  meanwhile = () => {
    openBatches.add(other);
    gate.apply({ mailingId: other.mailingId, version: 1, stopped: true, endAt: Infinity });
  };
  await watcher.runOnce();
  expect(gate.refusal(other)).toBe('stopped');
});

test('a change is obeyed before lasting ones are asked for, which may have to wait', async () => {
  let refusal: string | undefined;
  const dispatcher = await aWatcher((statement) => {
    if (statement === 'control-changes-of-mailings') refusal = dispatcher.gate.refusal(fresh);
  });
  const { aPlannedMailing, mailing, setStatus, shiftClock, watcher } = dispatcher;
  await setStatus(mailing, 'paused');
  await watcher.runOnce();
  await shiftClock('61s');

  const fresh = anOpenBatch({ mailingId: await aPlannedMailing() });
  await setStatus(fresh.mailingId, 'paused');
  await watcher.runOnce();
  expect(refusal).toBe('stopped');
});
