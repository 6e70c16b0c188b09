import { expect, test } from 'vitest';
import type { Sql, Statement } from '#libs/database';
import { UnrecordedCap } from '../../../apps/dispatcher/grant/unrecorded-cap.js';
import { DatabaseClock } from '../../../apps/dispatcher/process/database-clock.js';
import type { DispatcherIdentity } from '../../../apps/dispatcher/process/dispatcher-identity.js';
import { LeaseKeeper } from '../../../apps/dispatcher/take/lease-keeper.js';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';
import { aConfig } from '../../unit/dispatcher/dispatcher-fixture.js';

const anyBatch = { recentMailings: [], fair: false };

/** The real thing, but for answers to leases, which come when the test lets them. */
async function aHolder(scenario: QueueScenario) {
  let letAnswer = () => {};
  let isHeld = false;
  const answered = new Promise<void>((resolve) => {
    letAnswer = resolve;
  });
  const { id, shard } = await scenario.dispatcher();
  const sql = {
    query: async (statement: Statement, values: readonly unknown[]) => {
      const rows = await scenario.sql.query(statement, values);
      if (isHeld && statement.name === 'lease-due-batch') await answered;
      return rows;
    },
  };
  const holder = new LeaseKeeper(
    aConfig(),
    sql as Sql,
    { id, shard } as DispatcherIdentity,
    new DatabaseClock(),
    new UnrecordedCap(100),
  );
  return { holder, holdAnswers: () => (isHeld = true), letAnswer: () => letAnswer() };
}

test('a lease whose answer comes while it is given back as forgotten is not taken up', async () => {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing();
  const { holder, holdAnswers, letAnswer } = await aHolder(scenario);
  holdAnswers();
  const leasing = holder.leaseDue(anyBatch);
  await until(scenario, mailing, 'leased');
  await scenario.shiftClock('31s');

  const { givingBack } = await scenario.sql.transaction(async (transaction) => {
    await transaction.query({ name: '', text: 'SELECT FROM batches FOR UPDATE' });
    const givingBack = holder.runOnce();
    await scenario.untilWaiting();
    letAnswer();
    expect(await leasing, 'it would be granted and sent, and then given to others').toBeUndefined();
    return { givingBack };
  });
  expect(await givingBack).toMatchObject({ forgotten: 1 });
  expect(holder.openBatches.size).toBe(0);
  expect(await scenario.batches(mailing)).toMatchObject([{ state: 'ready', owner: null, fence: 2 }]);
});

test('what is in its hands is not forgotten, though its lease has run out', async () => {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing();
  const { holder } = await aHolder(scenario);
  await holder.leaseDue(anyBatch);
  await scenario.shiftClock('31s');

  expect(await holder.runOnce()).toMatchObject({ forgotten: 0 });
  expect(await scenario.batches(mailing)).toMatchObject([{ state: 'leased', fence: 1 }]);
});

async function until(scenario: QueueScenario, mailing: number, state: string): Promise<void> {
  while ((await scenario.batches(mailing))[0]?.state !== state);
}
