import { expect, test } from 'vitest';
import { loadDispatcherConfig } from '#libs/config';
import { DispatcherMetrics } from '#libs/telemetry';
import { MailingPlanner } from '../../../apps/dispatcher/plan/mailing-planner.js';
import { MailingStarter } from '../../../apps/dispatcher/plan/mailing-starter.js';
import { PageWriter } from '../../../apps/dispatcher/plan/page-writer.js';
import { DispatcherIdentity } from '../../../apps/dispatcher/process/dispatcher-identity.js';
import { setup } from '../../support/queue-scenario.js';

const config = loadDispatcherConfig({
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  PROVIDER_URL: 'http://127.0.0.1:1',
  PROVIDER_TOKEN: 'token',
});

/** Of one dispatcher. */
async function aPlanner() {
  const scenario = await setup();
  const pages = new PageWriter(config, scenario.sql, new DispatcherIdentity(), new DispatcherMetrics());
  const planner = new MailingPlanner(scenario.sql, pages);
  return { ...scenario, planner, starter: new MailingStarter(scenario.sql, pages, planner) };
}

test('a mailing that can not be planned holds up no other', async () => {
  const { run, clients, aMailing, statuses, starter, planner } = await aPlanner();
  await clients({ count: 2_001 });
  const poisoned = await aMailing({ priority: 9 });
  await run(`UPDATE mailings SET audience = '{"tags": "not a list"}' WHERE id = $1`, [poisoned]);
  await expect(starter.runOnce()).rejects.toThrow('is not a function');
  await expect(planner.runOnce()).rejects.toThrow('is not a function');

  const sound = await aMailing();
  await expect(starter.runOnce()).resolves.toMatchObject({ page: { mailingId: sound, messages: 2_000 } });
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { mailingId: sound, messages: 1 } });
  expect(await statuses(sound)).toEqual({ pending: 2_001 });
  expect(await statuses(poisoned)).toEqual({});
});

test('a mailing that could not be planned for a moment is planned afterwards', async () => {
  const { run, clients, aMailing, statuses, starter, planner } = await aPlanner();
  await clients({ count: 2 });
  const mailing = await aMailing();
  await run('ALTER TABLE messages ADD CONSTRAINT out_of_order CHECK (false) NOT VALID');
  await expect(starter.runOnce()).rejects.toThrow('out_of_order');
  await expect(planner.runOnce()).rejects.toThrow('out_of_order');

  await run('ALTER TABLE messages DROP CONSTRAINT out_of_order');
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { messages: 2 }, more: false });
  expect(await statuses(mailing)).toEqual({ pending: 2 });
});

test('a mailing whose lease ran out and is taken again is held once', async () => {
  const { clients, aMailing, shiftClock, statuses, starter, planner } = await aPlanner();
  await clients({ count: 4_001 });
  const mailing = await aMailing();
  await expect(starter.runOnce()).resolves.toMatchObject({ page: { messages: 2_000 }, more: true });

  await shiftClock('11s');
  await expect(starter.runOnce()).resolves.toMatchObject({ page: { messages: 2_000 }, more: true });
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { messages: 1 }, more: false });
  expect(await statuses(mailing)).toEqual({ pending: 4_001 });
});

test('the first page is a small one, so that sending begins at once', async () => {
  const { clients, aMailing, starter, planner } = await aPlanner();
  await clients({ count: 23_000 });
  await aMailing();
  await expect(starter.runOnce()).resolves.toMatchObject({ page: { messages: 2_000 }, more: true });
  await expect(starter.runOnce()).resolves.toEqual({ more: false });
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { messages: 20_000 }, more: true });
  await expect(planner.runOnce()).resolves.toMatchObject({ page: { messages: 1_000 }, more: false });
  await expect(planner.runOnce()).resolves.toEqual({ more: false });
});

test('a new mailing is planned while the page of another is being written', async () => {
  const { sql, clients, aMailing, starter, planner, statuses, untilWaiting } = await aPlanner();
  await clients({ count: 2_001 });
  const bulk = await aMailing();
  await starter.runOnce();
  const urgent = await aMailing({ priority: 9, audience: { tags: ['urgent'] } });
  await clients({ count: 3, tags: ['urgent'] });

  const page = await sql.transaction(async (other) => {
    await other.query({ name: '', text: 'SELECT FROM mailings WHERE id = $1 FOR UPDATE' }, [bulk]);
    const underWay = planner.runOnce();
    await untilWaiting();
    await expect(starter.runOnce()).resolves.toMatchObject({ page: { mailingId: urgent, messages: 3 } });
    return { underWay };
  });
  await expect(page.underWay).resolves.toMatchObject({ page: { mailingId: bulk, messages: 1 } });
  expect(await statuses(urgent)).toEqual({ pending: 3 });
});

test('higher priority is planned first, and mailings of one priority take turns', async () => {
  const { clients, aMailing, starter, planner } = await aPlanner();
  await clients({ count: 22_001 });
  const [low, one, other] = [
    await aMailing(),
    await aMailing({ priority: 5 }),
    await aMailing({ priority: 5 }),
  ];
  const started = [await starter.runOnce(), await starter.runOnce(), await starter.runOnce()];
  expect(started.map(({ page }) => page?.mailingId)).toEqual([one, other, low]);

  const planned: (number | undefined)[] = [];
  for (let step = await planner.runOnce(); step.page; step = await planner.runOnce())
    planned.push(step.page.mailingId);
  expect(planned).toEqual([one, other, one, other, low, low]);
});

test('what is not planned when a dispatcher stops is left to the others', async () => {
  const { clients, aMailing, starter, planner } = await aPlanner();
  await clients({ count: 2_001 });
  const mailing = await aMailing();
  await starter.runOnce();
  await expect(starter.runOnce()).resolves.toEqual({ more: false });
  await planner.stop();
  await expect(starter.runOnce()).resolves.toMatchObject({ page: { mailingId: mailing, messages: 1 } });
});
