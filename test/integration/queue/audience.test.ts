import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Audience } from '#libs/mailings';
import { normalTag } from '#libs/payloads';
import { setup, type ClientsGiven } from '../../support/queue-scenario.js';

type Recipient = Required<Omit<ClientsGiven, 'count'>>;

/** Words that SQL, arrays' text form or patterns could take for something else, and some that differ in case only. */
const words = ['vip', 'VIP', 'vi', 'v%', 'v_p', 'NULL', '{}', 'a,b', '"', '\\', "'", 'Ünïcode', '🎉', ' vip'];
const operatorCodes = ['900', '901', '916', 'a-1', 'A-1'];
const timezones = ['Europe/Moscow', 'Asia/Kolkata', 'UTC', 'Europe/Kyiv', 'Europe/Kiev'];

const anyTag = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...words) }, fc.string({ minLength: 1 }));
const someTags = (limits: { minLength?: number; maxLength: number }) =>
  fc.array(
    anyTag.map((tag) => tag.replaceAll('\0', '0')),
    { ...limits, size: 'max' },
  );

const anyClient: fc.Arbitrary<Recipient> = fc.record({
  operatorCode: fc.constantFrom(null, ...operatorCodes),
  // Repeated ones too: the API drops those, but nothing here depends on it.
  tags: someTags({ maxLength: 6 }),
  timezone: fc.constantFrom(...timezones),
});

/** Each list is there or not; those that are may repeat a value, name one that nobody has, or be empty. */
const anyAudience: fc.Arbitrary<Audience> = fc.record(
  {
    operatorCodes: fc.array(fc.constantFrom(...operatorCodes, '999'), { maxLength: 4 }),
    tags: someTags({ maxLength: 5 }),
    excludeTags: someTags({ maxLength: 5 }),
    timezones: fc.array(fc.constantFrom(...timezones, 'Asia/Tokyo'), { maxLength: 4 }),
  },
  { requiredKeys: [] },
);

/** What the documents say of an audience, in the plainest words there are. */
function matches(client: Recipient, { operatorCodes: codes, tags, excludeTags, timezones: zones }: Audience) {
  if (codes && !codes.some((code) => code === client.operatorCode)) return false;
  const has = (tag: string) => client.tags.includes(tag) || client.tags.includes(normalTag(tag));
  if (tags && !tags.some(has)) return false;
  if (excludeTags && excludeTags.some(has)) return false;
  const isKyiv = (zone: string) => zone === 'Europe/Kyiv' || zone === 'Europe/Kiev';
  return (
    !zones || zones.some((zone) => zone === client.timezone || (isKyiv(zone) && isKyiv(client.timezone)))
  );
}

test('whoever matches every list of an audience gets a message, and nobody else', async () => {
  const everyone = fc.array(anyClient, { minLength: 10, maxLength: 60, size: 'max' });
  const audiences = fc.array(anyAudience, { minLength: 25, maxLength: 25 });
  let [matched, filtered] = [0, 0];

  await fc.assert(
    fc.asyncProperty(everyone, audiences, fc.integer({ min: 5, max: 70 }), async (people, filters, size) => {
      const { clients, aMailing, plan, messages } = await setup();
      const ids: number[] = [];
      for (const person of people) ids.push(...(await clients(person)));
      const mailings: number[] = [];
      for (const audience of filters) mailings.push(await aMailing({ audience }));
      await plan({ size });

      for (const [index, audience] of filters.entries()) {
        const expected = ids.filter((_id, nth) => {
          const person = people[nth];
          return person !== undefined && matches(person, audience);
        });
        const got = (await messages(mailings[index] ?? 0)).map(({ clientId }) => clientId);
        expect(got, JSON.stringify(audience)).toEqual(expected);
        matched += expected.length;
        filtered += people.length - expected.length;
      }
    }),
    { numRuns: 30 },
  );
  // A filter that lets everybody through, or nobody, would say little.
  expect(Math.min(matched, filtered)).toBeGreaterThan(500);
});
