import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLongList, stringifyInTurns } from '#libs/payloads';

test('a long list is made JSON of in turns to the bytes that it has at one go', async () => {
  const answer = fc.record(
    {
      total: fc.nat(),
      items: fc.array(fc.record({ id: fc.nat(), given: fc.jsonValue() }), { minLength: 9, maxLength: 40 }),
      nextCursor: fc.option(fc.string()),
      leftOut: fc.constant(undefined),
    },
    { requiredKeys: ['items'] },
  );
  await fc.assert(
    fc.asyncProperty(answer, async (given) => {
      expect(isLongList(given)).toBe(true);
      expect(await stringifyInTurns(given)).toBe(JSON.stringify(given));
    }),
  );
});
