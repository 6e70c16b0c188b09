import { expect, test } from 'vitest';
import { DigitsAsNumber, IntegerField, PageQuery, TextField, validateQuery } from '#libs/payloads';
import { Problem } from '#libs/problems';

class Query extends PageQuery {
  @TextField({ description: 'A tag.', optional: true, max: 5 })
  tag?: string;

  @DigitsAsNumber()
  @IntegerField({ description: 'How far.', optional: true, min: 1, max: 9 })
  distance?: number;

  @IntegerField({ description: 'Never in a query.', optional: true, min: 1, max: 9 })
  count?: number;
}

async function errorsOf(parameters: Record<string, unknown>): Promise<[string, string][]> {
  try {
    await validateQuery(Query, parameters);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return (error.toDocument().errors ?? []).map(({ path, message }) => [path, message]);
  }
  return [];
}

test('digits are the number that they stand for, in fields of the class and of the one it extends', async () => {
  expect(await validateQuery(Query, { limit: '7', distance: '3', tag: '12' })).toMatchObject({
    limit: 7,
    distance: 3,
    tag: '12',
  });
  expect(await validateQuery(PageQuery, {})).toMatchObject({ limit: 50 });
});

test.each(['7.0', '', '-1', '1e2', ' 7', '0x7'])('%j is no number', async (limit) => {
  expect(await errorsOf({ limit })).toEqual([['limit', 'must be a whole number from 1 to 500']]);
});

test('digits are no number where the class does not say so', async () => {
  expect(await errorsOf({ count: '3' })).toEqual([['count', 'must be a whole number from 1 to 9']]);
});

test('what is given more than once is told so, whatever its values are', async () => {
  expect(await errorsOf({ tag: ['a', 'b'], limit: ['1', '1'], cursor: 'x' })).toEqual([
    ['tag', 'is given more than once'],
    ['limit', 'is given more than once'],
  ]);
});
