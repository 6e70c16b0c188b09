import { describe, expect, test } from 'vitest';
import { cancelMessagesOfClient } from '#libs/messages';
import { openBreaker, takeProbe } from '#libs/providers/breaker';
import { setup } from '../../support/queue-scenario.js';
import { sent } from '../../support/message-outcomes.js';

/** A batch of six that one of two dispatchers has leased. */
async function aLease(given: { endsIn?: string } = {}) {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing({ count: 6, ...given });
  const one = await scenario.dispatcher();
  const other = await scenario.dispatcher();
  const batch = await one.lease();
  if (!batch) throw new Error('Nothing could be leased');
  const messages = await one.waiting(batch);
  return { ...scenario, mailing, one, other, batch, messages };
}

const ids = (messages: { id: number }[]) => messages.map(({ id }) => id);

describe('a grant', () => {
  test('commits how far the owner may send, and only ever moves on', async () => {
    const { mailing, one, batch, messages, batches } = await aLease();

    expect(await one.grant(batch, messages.slice(0, 2))).toEqual(ids(messages.slice(0, 2)));
    expect(await batches(mailing)).toMatchObject([{ grantedUpto: messages[1]?.id }]);
    expect(await one.grant(batch, messages.slice(2, 5))).toEqual(ids(messages.slice(2, 5)));
    expect(await batches(mailing)).toMatchObject([{ grantedUpto: messages[4]?.id }]);
    await one.grant(batch, messages.slice(0, 1));
    expect(await batches(mailing)).toMatchObject([{ grantedUpto: messages[4]?.id }]);
  });

  test('renews the lease', async () => {
    const { mailing, one, batch, messages, batches, shiftClock, now } = await aLease();
    await shiftClock('20s');
    await one.grant(batch, messages.slice(0, 2));

    expect(Number((await batches(mailing))[0]?.leaseUntil)).toBeGreaterThan((await now()) + 29_000);
  });

  test('leaves out what was settled since the lease: sent, or its client deleted', async () => {
    const { sql, mailing, one, batch, messages, statuses } = await aLease();
    const [first, second, third] = messages;
    const clientOf = async (id: number | undefined) =>
      (
        await sql.query<{ client: number }>(
          { name: '', text: 'SELECT client_id AS client FROM messages WHERE id = $1' },
          [id],
        )
      )[0]?.client ?? 0;
    await one.record(sent(batch, first ?? { id: 0 }));
    await cancelMessagesOfClient(sql, await clientOf(third?.id));

    expect(await one.grant(batch, messages.slice(0, 3))).toEqual([second?.id]);
    expect(await statuses(mailing)).toEqual({ pending: 4, sent: 1, cancelled: 1 });
  });

  test('leaves out what is in another batch by now', async () => {
    const { run, one, batch, messages } = await aLease();
    await run('UPDATE messages SET batch_id = 1 WHERE id = $1', [messages[0]?.id]);

    expect(await one.grant(batch, messages.slice(0, 2))).toEqual([messages[1]?.id]);
  });
});

const obstacles: [why: string, (scenario: Awaited<ReturnType<typeof aLease>>) => Promise<unknown>][] = [
  ['the mailing is paused', ({ mailing, setStatus }) => setStatus(mailing, 'paused')],
  ['the mailing is cancelled', ({ mailing, setStatus }) => setStatus(mailing, 'cancelled')],
  ['the mailing is deleted', ({ run }) => run('UPDATE mailings SET deleted_at = ems_now()')],
  ['the mailing has ended', ({ shiftClock }) => shiftClock('1h')],
  ['the mailing ends in a moment', ({ shiftClock }) => shiftClock('59min 59.6s')],
  [
    'the mailing was shortened',
    ({ run }) => run(`UPDATE mailings SET end_at = ems_now() + interval '400ms'`),
  ],
  [
    'the window closes in a moment',
    ({ run }) => run(`UPDATE batches SET not_after = ems_now() + interval '400ms'`),
  ],
  ['the breaker has opened', ({ sql }) => openBreaker(sql, 1, { reason: 'down', retryInMs: 60_000 })],
  [
    'the breaker is half open for another dispatcher',
    async ({ sql, run, other }) => {
      await openBreaker(sql, 1, { reason: 'down', retryInMs: -1 });
      await run(`INSERT INTO batches (mailing_id, provider_id, size, due_at)
        SELECT id, 1, 1, ems_now() FROM mailings`);
      expect(await takeProbe(sql, 1, other.id, 5_000)).toBeDefined();
    },
  ],
  [
    'another dispatcher has the batch',
    async ({ one, other, batch }) => {
      await one.release(batch);
      await other.lease();
    },
  ],
  [
    'the same dispatcher has the batch under a later fence',
    async ({ one, batch }) => {
      await one.release(batch);
      await one.lease();
    },
  ],
  ['the batch was given back', ({ one, batch }) => one.release(batch)],
];

test.for(obstacles)('nothing is granted when %s', async ([, arise]) => {
  const scenario = await aLease({ endsIn: '1h' });
  const { mailing, one, batch, messages, batches } = scenario;
  await arise(scenario);

  expect(await one.grant(batch, messages)).toBeUndefined();
  expect(await one.grant(batch, messages, { probe: true })).toBeUndefined();
  expect((await batches(mailing))[0]?.grantedUpto).toBe(0);
});

test('nothing is granted to another dispatcher that names the same batch and fence', async () => {
  const { other, batch, messages } = await aLease();

  expect(await other.grant(batch, messages)).toBeUndefined();
});

test('a longer end holds from the next grant on', async () => {
  const { run, one, batch, messages, shiftClock } = await aLease({ endsIn: '1h' });
  await run(`UPDATE mailings SET end_at = end_at + interval '1h'`);
  await shiftClock('1h');

  expect(await one.grant(batch, messages)).toEqual(ids(messages));
});

test('a half-open breaker lets the one that probes send', async () => {
  const { sql, run, one, batch, messages } = await aLease();
  await openBreaker(sql, 1, { reason: 'down', retryInMs: -1 });
  await run(
    `INSERT INTO batches (mailing_id, provider_id, size, due_at) SELECT id, 1, 1, ems_now() FROM mailings`,
  );
  await takeProbe(sql, 1, one.id, 5_000);

  expect(await one.grant(batch, messages)).toBeUndefined();
  expect(await one.grant(batch, messages.slice(0, 1), { probe: true })).toEqual([messages[0]?.id]);
});
