import { expect, test } from 'vitest';
import { setup } from '../../support/queue-scenario.js';

test('batches hold at most 500 messages, and with a window only clients of one zone', async () => {
  const { run, clients, aMailing, plan, batches } = await setup();
  for (let round = 0; round < 3; round += 1) {
    await clients({ count: 401, timezone: 'Europe/Moscow' });
    await clients({ count: 201, timezone: 'Asia/Kolkata' });
  }
  const mailing = await aMailing({ window: ['09:00', '21:00'], endsIn: '3d' });
  await plan();

  const made = await batches(mailing);
  const sizesIn = (zone: string) =>
    made.flatMap(({ timezone, size }) => (timezone === zone ? size : [])).toSorted((a, b) => b - a);
  expect(sizesIn('Europe/Moscow')).toEqual([500, 500, 203]);
  expect(sizesIn('Asia/Kolkata')).toEqual([500, 103]);
  expect(made).toHaveLength(5);
  const members = await run<{ batch: number; zones: string[]; count: number }>(`
    SELECT m.batch_id AS batch, array_agg(DISTINCT c.timezone) AS zones, count(*)::int AS count
    FROM messages m JOIN clients c ON c.id = m.client_id GROUP BY m.batch_id ORDER BY m.batch_id`);
  expect(members).toEqual(
    made.map(({ id, timezone, size }) => ({ batch: id, zones: [timezone], count: size })),
  );
});

test('without a window, clients of all zones share batches', async () => {
  const { clients, aMailing, plan, batches } = await setup();
  await clients({ count: 3, timezone: 'Europe/Moscow' });
  await clients({ count: 3, timezone: 'Asia/Kolkata' });
  const mailing = await aMailing();
  await plan();

  expect(await batches(mailing)).toMatchObject([{ size: 6, timezone: null }]);
});

test('a batch is due when its window opens, or at once when it is open', async () => {
  const { clients, aMailing, plan, batches, setClock, now } = await setup();
  await setClock('2030-01-10T12:00Z');
  await clients({ timezone: 'Europe/Moscow' }); // 15:00
  await clients({ timezone: 'America/New_York' }); // 07:00
  await clients({ timezone: 'Asia/Tokyo' }); // 21:00: closed this minute
  const mailing = await aMailing({ window: ['09:00', '21:00'], endsIn: '3d' });
  await plan();

  const made = Object.fromEntries((await batches(mailing)).map((batch) => [batch.timezone, batch]));
  expect(made['Europe/Moscow']).toMatchObject({
    notBefore: new Date('2030-01-10T06:00Z'),
    notAfter: new Date('2030-01-10T18:00Z'),
  });
  const due = made['Europe/Moscow']?.dueAt.getTime() ?? 0;
  expect(due).toBeGreaterThanOrEqual(Date.parse('2030-01-10T12:00Z'));
  expect(due).toBeLessThanOrEqual(await now());
  expect(made['America/New_York']).toMatchObject({
    notBefore: new Date('2030-01-10T14:00Z'),
    notAfter: new Date('2030-01-11T02:00Z'),
    dueAt: new Date('2030-01-10T14:00Z'),
  });
  expect(made['Asia/Tokyo']).toMatchObject({
    notBefore: new Date('2030-01-11T00:00Z'),
    notAfter: new Date('2030-01-11T12:00Z'),
    dueAt: new Date('2030-01-11T00:00Z'),
  });
});

test('a window over midnight that is open now closes tomorrow morning', async () => {
  const { clients, aMailing, plan, batches, setClock } = await setup();
  await setClock('2030-01-10T23:00Z');
  await clients({ timezone: 'UTC' });
  const mailing = await aMailing({ window: ['22:00', '08:00'], endsIn: '3d' });
  await plan();

  expect(await batches(mailing)).toMatchObject([
    { notBefore: new Date('2030-01-10T22:00Z'), notAfter: new Date('2030-01-11T08:00Z') },
  ]);
});

test('a window that is about to close counts as closed', async () => {
  const { clients, aMailing, plan, batches, setClock } = await setup();
  await setClock('2030-01-10T20:59:59.700Z');
  await clients({ timezone: 'UTC' });
  const mailing = await aMailing({ window: ['09:00', '21:00'], endsIn: '3d' });
  await plan();

  expect(await batches(mailing)).toMatchObject([{ dueAt: new Date('2030-01-11T09:00Z') }]);
});

test('clients whose window does not open before the end expire at once, the others wait', async () => {
  const { run, clients, aMailing, plan, batches, setClock, statuses } = await setup();
  await setClock('2030-01-10T12:00Z');
  await clients({ count: 2, timezone: 'America/New_York' }); // opens at 14:00
  await clients({ count: 3, timezone: 'America/Chicago' }); // opens at 15:00
  const mailing = await aMailing({ window: ['09:00', '21:00'], endsIn: '2h 30min' });

  expect(await plan()).toEqual([{ messages: 5, expired: 3, batches: 2, finished: true }]);
  expect(await statuses(mailing)).toEqual({ pending: 2, expired: 3 });
  const states = (await batches(mailing)).map(({ timezone, state }) => [timezone, state]);
  expect(Object.fromEntries(states)).toEqual({ 'America/New_York': 'ready', 'America/Chicago': 'done' });
  expect(
    await run(`SELECT DISTINCT c.timezone, m.last_error AS why FROM messages m JOIN clients c ON c.id = m.client_id
      WHERE m.status = 'expired'`),
  ).toEqual([{ timezone: 'America/Chicago', why: "its local window did not open before the mailing's end" }]);
});

test.for([
  ['400ms', { expired: 2 }],
  ['10s', { pending: 2 }],
] as const)('with %s left before the end: %o', async ([left, expected]) => {
  const { clients, aMailing, plan, statuses } = await setup();
  await clients({ count: 2 });
  const mailing = await aMailing({ endsIn: left });
  await plan();

  expect(await statuses(mailing)).toEqual(expected);
});

test('a mailing that nobody could plan before its end expires for everyone', async () => {
  const { clients, aMailing, plan, shiftClock, statuses } = await setup();
  await clients({ count: 4 });
  const mailing = await aMailing({ endsIn: '1h' });
  await shiftClock('2h');
  await plan();

  expect(await statuses(mailing)).toEqual({ expired: 4 });
});
