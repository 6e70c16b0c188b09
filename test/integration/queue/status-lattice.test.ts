import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cancelMessagesOfClient } from '#libs/messages';
import { closeSpentBatches, reclaimAbandonedBatches } from '#libs/queue/recover';
import { type MessageStatus, messageStatuses } from '#libs/queue/transitions';
import { ambiguous, failed, notNow, sent, unknown } from '../../support/message-outcomes.js';
import { SILENCE, steadyJudge, type QueueDispatcher } from '../../support/queue-dispatcher.js';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';

const MESSAGES = 3;
const outcomes = { sent, failed, unknown, ambiguous, notNow };
const kinds = Object.keys(outcomes) as (keyof typeof outcomes)[];

/** Outcomes that are recorded in one statement, a client that is deleted, or something that befalls the mailing. */
type Step =
  | { set: { message: number; kind: keyof typeof outcomes; attempts: number }[] }
  | { deleted: number }
  | { befalls: 'cancel' | 'expiry' | 'death of the dispatcher' };

const message = fc.integer({ min: 0, max: MESSAGES - 1 });
const outcome = fc.record({
  message,
  kind: fc.constantFrom(...kinds),
  attempts: fc.integer({ min: 0, max: 2 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ set: fc.array(outcome, { minLength: 1, maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ deleted: message }) },
  {
    weight: 1,
    arbitrary: fc.record({
      befalls: fc.constantFrom('cancel' as const, 'expiry' as const, 'death of the dispatcher' as const),
    }),
  },
);

/** Steps in one order, and the same steps in another with some of them repeated. */
const twoOrders = fc.array(step, { minLength: 1, maxLength: 6 }).chain((steps) =>
  fc.record({
    once: fc.constant(steps),
    again: fc
      .array(fc.constantFrom(...steps), { maxLength: 4 })
      .chain((repeated) =>
        fc.shuffledSubarray([...steps, ...repeated], { minLength: steps.length + repeated.length }),
      ),
  }),
);

/**
 * What a message may be once its mailing is over: the strongest thing that is known of it. A cancel and an expiry
 * are equally strong, so the first of them stays. Whether a dispatcher's death casts a doubt depends on what it
 * had recorded before, and that is all that may depend on the order.
 */
function possibleStatuses(steps: Step[], index: number): MessageStatus[] {
  const given = new Set<string>(
    steps.flatMap((each) => {
      if ('befalls' in each) return [each.befalls];
      if ('deleted' in each) return each.deleted === index ? ['deleted'] : [];
      return each.set.filter((one) => one.message === index).map(({ kind }) => kind);
    }),
  );
  if (given.has('sent')) return ['sent'];
  if (given.has('ambiguous') || given.has('unknown')) return ['unknown'];
  const died = given.has('death of the dispatcher');
  if (given.has('failed')) return died ? ['failed', 'unknown'] : ['failed'];
  if (died && !given.has('notNow')) return ['unknown'];
  return died ? ['cancelled', 'expired', 'unknown'] : ['cancelled', 'expired'];
}

/** A mailing with its messages on the wire, and what applies a step to it. */
async function aMailingOnTheWire(scenario: QueueScenario, by: QueueDispatcher[], holds: boolean) {
  const { sql, run } = scenario;
  const mailing = await scenario.aPlannedMailing({ count: MESSAGES });
  await run('UPDATE mailings SET on_ambiguous = $2 WHERE id = $1', [mailing, holds ? 'hold' : 'resend']);
  const [planned] = await scenario.batches(mailing);
  const batch = await by[0]?.leaseTicketed({ id: planned?.id ?? 0, fence: 0 });
  const made = await scenario.messages(mailing);
  if (!batch) throw new Error('The batch could not be leased');
  await by[0]?.grant(batch, await by[0].waiting(batch));
  const soon = (await scenario.now()) + 600_000;
  const closeSpent = async () => {
    while ((await closeSpentBatches(sql, 6)) > 0);
  };
  const isLeased = async () =>
    (
      await run(`SELECT FROM batches WHERE id = $1 AND fence = $2 AND state = 'leased'`, [
        batch.id,
        batch.fence,
      ])
    ).length > 0;
  const befall = {
    cancel: async () => {
      await scenario.setStatus(mailing, 'cancelled');
      await closeSpent();
    },
    expiry: async () => {
      await run('UPDATE mailings SET end_at = least(end_at, ems_now()) WHERE id = $1', [mailing]);
      await closeSpent();
    },
    'death of the dispatcher': async () => {
      await run(`UPDATE dispatchers SET heartbeat_at = 'epoch' WHERE id = $1`, [by[0]?.id]);
      await run('UPDATE batches SET lease_until = ems_now() WHERE id = $1 AND fence = $2', [
        batch.id,
        batch.fence,
      ]);
      const terms = { silenceMs: SILENCE, maxAttempts: 20 };
      // Whoever records at this moment holds the batch, and is not waited for: it is asked again.
      while (await isLeased()) await reclaimAbandonedBatches(sql, await steadyJudge(sql), terms);
    },
  };
  let turn = 0;
  return {
    async apply(each: Step): Promise<void> {
      if ('befalls' in each) return befall[each.befalls]();
      if ('deleted' in each) {
        await cancelMessagesOfClient(sql, made[each.deleted]?.clientId ?? 0);
        return;
      }
      turn += 1;
      const set = each.set.map(({ message: index, kind, attempts }) =>
        outcomes[kind](batch, { id: made[index]?.id ?? 0, attempts }, soon),
      );
      await by[turn % by.length]?.record(...set);
    },
    /** The dispatcher has recorded all it had, if it lives, and the mailing ends. */
    async end(): Promise<MessageStatus[]> {
      await by[0]?.release(batch);
      await befall.expiry();
      return (await scenario.messages(mailing)).map(({ status }) => status);
    },
  };
}

test('whatever comes of messages, in any order, repeated, one by one or at the same time, ends the same', async () => {
  const scenario = await setup();
  const by = [await scenario.dispatcher(), await scenario.dispatcher()];
  const seen = new Set<MessageStatus>();

  await fc.assert(
    fc.asyncProperty(twoOrders, fc.boolean(), async ({ once, again }, holds) => {
      const oneByOne = await aMailingOnTheWire(scenario, by, holds);
      for (const each of once) await oneByOne.apply(each);
      const atOnce = await aMailingOnTheWire(scenario, by, holds);
      await Promise.all(again.map((each) => atOnce.apply(each)));

      for (const statuses of [await oneByOne.end(), await atOnce.end()]) {
        for (const [index, status] of statuses.entries()) {
          expect(possibleStatuses(once, index), `message ${index}`).toContain(status);
          seen.add(status);
        }
      }
    }),
    { numRuns: 40 },
  );
  const possible = messageStatuses.filter((one) => !['pending', 'delivered', 'undelivered'].includes(one));
  expect([...seen].toSorted(), 'every end was seen').toEqual(possible.toSorted());
});
