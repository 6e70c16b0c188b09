import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MessageRow } from '../../support/queue-rows.js';
import { setup } from '../../support/queue-scenario.js';
import { SendingWorld, type Fate } from '../../support/sending-world.js';

const choice = fc.nat({ max: 1_000 });
const fates = fc.array(
  fc.constantFrom<Fate>(
    'accepted',
    'accepted',
    'accepted, answer lost',
    'lost',
    'refused',
    'not now',
    'not sent',
  ),
  { minLength: 1, maxLength: 6 },
);

/** Something that may happen, with what is drawn for it; both are shown when the property fails. */
function sometimes<Given>(
  weight: number,
  what: string,
  drawn: fc.Arbitrary<Given>,
  happen: (world: SendingWorld, given: Given) => Promise<unknown>,
) {
  const arbitrary = drawn.map((given) => ({
    what,
    given,
    happen: (world: SendingWorld) => happen(world, given),
  }));
  return { weight, arbitrary };
}

const event = fc.oneof(
  sometimes(24, 'send', fc.tuple(choice, fates), (world, [one, list]) => world.send(one, list)),
  sometimes(16, 'answer', fc.tuple(choice, fc.integer({ min: 1, max: 6 })), (world, [one, count]) =>
    world.answer(one, count),
  ),
  sometimes(12, 'lease', choice, (world, one) => world.lease(one)),
  sometimes(6, 'release', choice, (world, one) => world.release(one)),
  sometimes(8, 'pass', fc.tuple(fc.integer({ min: 1, max: 40 }), choice), (world, [seconds, stalled]) =>
    world.pass(seconds, stalled),
  ),
  sometimes(6, 'reclaim', fc.constant(0), (world) => world.reclaim()),
  sometimes(4, 'tidy', fc.constant(0), (world) => world.tidy()),
  sometimes(2, 'crash', choice, (world, one) => world.crash(one)),
  sometimes(2, 'pause or resume', choice, (world, one) => world.pauseOrResume(one)),
  sometimes(2, 'delete a client', choice, (world, one) => world.deleteClient(one)),
  sometimes(2, 'resend what is unknown', choice, (world, one) => world.resend(one)),
  sometimes(1, 'cancel', choice, (world, one) => world.cancel(one)),
);

/** Promises 1 and 2 of the engine, for one message and every request that was made for it. */
function check(message: MessageRow, world: SendingWorld, holds: boolean): void {
  const requests = world.requests.filter((request) => request.message.id === message.id);
  const told = `${message.id}, ${message.status}: ${requests.map(({ fate, doubtful }) => `${fate}${doubtful ? '?' : ''}`).join(', ')}`;
  const accepted = requests.filter(({ fate }) => fate.startsWith('accepted')).length;
  expect(message.status, told).not.toBe('pending');
  if (accepted > 0) expect(['sent', 'unknown'], told).toContain(message.status);
  if (message.status === 'sent') expect(accepted, told).toBeGreaterThan(0);
  const resent = world.resent.get(message.id) ?? 0;
  const doubts = holds ? 0 : requests.filter(({ doubtful }) => doubtful).length;
  expect(accepted, told).toBeLessThanOrEqual(1 + doubts + resent);
}

test('whatever happens, every message ends as what became of it, and none is sent twice without a doubt, a held one never', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 20, maxLength: 80, size: 'max' }), async (events) => {
      const scenario = await setup();
      const clients = await scenario.clients({ count: 30 });
      const mailings = [
        await scenario.aMailing({ endsIn: '20min' }),
        await scenario.aMailing({ endsIn: '40min', onAmbiguous: 'hold' }),
      ];
      await scenario.plan({ size: 8 });
      const world = new SendingWorld(scenario, mailings, clients);
      for (const _ of [1, 2, 3]) await world.join();
      for (const { happen } of events) await happen(world);
      await scenario.expectCountersExact();
      await world.comeToRest();
      await world.pass(3_600);
      await world.comeToRest();
      await world.tidy();

      for (const [nth, mailing] of mailings.entries()) {
        for (const message of await scenario.messages(mailing)) check(message, world, nth === 1);
      }
      const unfinished = await scenario.run('SELECT id, status FROM mailings WHERE finished_at IS NULL');
      expect(unfinished).toEqual([]);
      await scenario.expectCountersExact();
    }),
    { numRuns: 25 },
  );
});
