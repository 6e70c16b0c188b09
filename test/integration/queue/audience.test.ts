import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Audience } from '#libs/mailings';
import { setup, type ClientsGiven } from '../../support/queue-scenario.js';

const operatorCodes = ['900', '901', '916'];
const tags = ['vip', 'new', 'unsubscribed', 'Ünïcode'];
const timezones = ['Europe/Moscow', 'Asia/Kolkata', 'UTC'];

const some = (values: string[]) => fc.subarray(values, { minLength: 1 });
const lists = {
  operatorCodes: some(operatorCodes),
  tags: some(tags),
  excludeTags: some(tags),
  timezones: some(timezones),
};
const anyClient = fc.record({
  operatorCode: fc.constantFrom(null, ...operatorCodes),
  tags: fc.subarray(tags),
  timezone: fc.constantFrom(...timezones),
});

/** Every combination of lists that an audience may have, none of them included. */
const shapes = Array.from({ length: 16 }, (_, bits) =>
  Object.fromEntries(Object.entries(lists).filter((_entry, index) => bits & (1 << index))),
);

function matches(client: Required<Omit<ClientsGiven, 'count'>> | undefined, audience: Audience): boolean {
  return (
    client !== undefined &&
    (!audience.operatorCodes ||
      (client.operatorCode !== null && audience.operatorCodes.includes(client.operatorCode))) &&
    (!audience.tags || client.tags.some((tag) => audience.tags?.includes(tag))) &&
    !client.tags.some((tag) => audience.excludeTags?.includes(tag)) &&
    (!audience.timezones || audience.timezones.includes(client.timezone))
  );
}

test('whoever matches every list of an audience gets a message, and nobody else', async () => {
  const { clients, aMailing, plan, messages } = await setup();
  const everyone = fc.sample(anyClient, { numRuns: 60, seed: 1 });
  const ids: number[] = [];
  for (const client of everyone) ids.push(...(await clients(client)));

  for (const shape of shapes) {
    await fc.assert(
      fc.asyncProperty(fc.record(shape), async (audience: Audience) => {
        const mailing = await aMailing({ audience });
        await plan({ size: 25 });
        const got = (await messages(mailing)).map(({ clientId }) => clientId);
        expect(got).toEqual(ids.filter((_, index) => matches(everyone[index], audience)));
      }),
      { numRuns: 5 },
    );
  }
});
