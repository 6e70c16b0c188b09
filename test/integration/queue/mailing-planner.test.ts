import { expect, test } from 'vitest';
import { loadDispatcherConfig } from '#libs/config';
import { DispatcherMetrics } from '#libs/telemetry';
import { MailingPlanner } from '../../../apps/dispatcher/planning/mailing-planner.js';
import { DispatcherIdentity } from '../../../apps/dispatcher/dispatcher-identity.js';
import { setup } from '../../support/queue-scenario.js';

const config = loadDispatcherConfig({
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  PROVIDER_URL: 'http://127.0.0.1:1',
  PROVIDER_TOKEN: 'token',
});

test('a mailing that can not be planned holds up no other', async () => {
  const { sql, run, clients, aMailing, statuses } = await setup();
  await clients({ count: 2 });
  const poisoned = await aMailing({ priority: 9 });
  await run(`UPDATE mailings SET audience = '{"tags": "not a list"}' WHERE id = $1`, [poisoned]);
  const planner = new MailingPlanner(config, sql, new DispatcherIdentity(), new DispatcherMetrics());
  await expect(planner.runOnce()).rejects.toThrow('malformed array literal');

  const sound = await aMailing();
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { mailingId: sound, messages: 2 } });
  const another = await aMailing();
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { mailingId: another } });
  expect(await statuses(sound)).toEqual({ pending: 2 });
  expect(await statuses(poisoned)).toEqual({});
});

test('a mailing whose lease ran out and is taken again is held once', async () => {
  const { sql, clients, aMailing, shiftClock, statuses } = await setup();
  await clients({ count: 2_001 });
  const mailing = await aMailing();
  const planner = new MailingPlanner(config, sql, new DispatcherIdentity(), new DispatcherMetrics());
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { messages: 2_000 }, more: true });

  await shiftClock('11s');
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { messages: 1 }, more: false });
  expect(await statuses(mailing)).toEqual({ pending: 2_001 });
});

test('the first page is a small one, so that sending begins at once', async () => {
  const { sql, clients, aMailing } = await setup();
  await clients({ count: 23_000 });
  await aMailing();
  const planner = new MailingPlanner(config, sql, new DispatcherIdentity(), new DispatcherMetrics());
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { messages: 2_000 }, more: true });
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { messages: 20_000 }, more: true });
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { messages: 1_000 }, more: false });
});
