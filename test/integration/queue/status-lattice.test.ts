import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cancelMessagesOfClient, messageStatuses, type MessageStatus } from '#libs/messages';
import { ambiguous, failed, notNow, sent, unknown } from '../../support/message-outcomes.js';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';
import type { QueueDispatcher } from '../../support/queue-dispatcher.js';

const MESSAGES = 3;
const outcomes = { sent, failed, unknown, ambiguous, notNow };
const kinds = Object.keys(outcomes) as (keyof typeof outcomes)[];

/** Outcomes that are recorded in one statement, or a client that is deleted. */
type Step =
  { set: { message: number; kind: keyof typeof outcomes; attempts: number }[] } | { deleted: number };

const message = fc.integer({ min: 0, max: MESSAGES - 1 });
const outcome = fc.record({
  message,
  kind: fc.constantFrom(...kinds),
  attempts: fc.integer({ min: 0, max: 2 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ set: fc.array(outcome, { minLength: 1, maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ deleted: message }) },
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

/** The strongest status that a message was given, but unknown if that denies a doubt. */
function expectedStatus(steps: Step[], index: number): MessageStatus {
  const given = steps.flatMap((each) => {
    if ('deleted' in each) return each.deleted === index ? (['deleted'] as const) : [];
    return each.set.filter((one) => one.message === index).map(({ kind }) => kind);
  });
  const meaning = {
    sent: 'sent',
    failed: 'failed',
    unknown: 'unknown',
    deleted: 'cancelled',
    ambiguous: 'pending',
    notNow: 'pending',
  } as const;
  const strongest = Math.max(0, ...given.map((kind) => messageStatuses.indexOf(meaning[kind])));
  const status = messageStatuses[strongest] ?? 'pending';
  const inDoubt = given.includes('ambiguous') || given.includes('unknown');
  return inDoubt && (status === 'cancelled' || status === 'failed') ? 'unknown' : status;
}

/** A mailing with its messages on the wire, and what applies a step to it. */
async function aMailingOnTheWire(scenario: QueueScenario, by: QueueDispatcher[]) {
  const mailing = await scenario.aPlannedMailing({ count: MESSAGES });
  const [planned] = await scenario.batches(mailing);
  const batch = await by[0]?.leaseTicketed({ id: planned?.id ?? 0, fence: 0 });
  const made = await scenario.messages(mailing);
  if (!batch) throw new Error('The batch could not be leased');
  const soon = (await scenario.now()) + 600_000;
  let turn = 0;
  return {
    async apply(each: Step): Promise<void> {
      if ('deleted' in each) {
        await cancelMessagesOfClient(scenario.sql, made[each.deleted]?.clientId ?? 0);
        return;
      }
      turn += 1;
      const set = each.set.map(({ message: index, kind, attempts }) =>
        outcomes[kind](batch, { id: made[index]?.id ?? 0, attempts }, soon),
      );
      await by[turn % by.length]?.record(...set);
    },
    statuses: async () => (await scenario.messages(mailing)).map(({ status }) => status),
  };
}

test('outcomes in any order, repeated, one by one or at the same time, end in the same statuses', async () => {
  const scenario = await setup();
  const by = [await scenario.dispatcher(), await scenario.dispatcher()];

  await fc.assert(
    fc.asyncProperty(twoOrders, async ({ once, again }) => {
      const expected = Array.from({ length: MESSAGES }, (_, index) => expectedStatus(once, index));
      const oneByOne = await aMailingOnTheWire(scenario, by);
      for (const each of once) await oneByOne.apply(each);
      const atOnce = await aMailingOnTheWire(scenario, by);
      await Promise.all(again.map((each) => atOnce.apply(each)));

      expect(await oneByOne.statuses()).toEqual(expected);
      expect(await atOnce.statuses()).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
