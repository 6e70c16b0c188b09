import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ChoiceField,
  DigitsAsNumber,
  InstantField,
  IntegerField,
  JsonObjectField,
  LocalTimeField,
  ObjectField,
  PatternField,
  TextField,
  TextListField,
  validatePayload,
} from '#libs/payloads';
import { Problem } from '#libs/problems';

const description = 'Something.';

class Inner {
  @TextListField({ description, optional: true, minItems: 1, maxItems: 3, max: 4 })
  words?: string[];

  @ObjectField(() => Inner, { description, optional: true })
  deeper?: Inner;
}

class Sample {
  @TextField({ description, max: 5 })
  text!: string;

  @IntegerField({ description, optional: true, min: -1, max: 10 })
  count?: number;

  @DigitsAsNumber()
  @IntegerField({ description, optional: true, min: 1, max: 10 })
  limit?: number = 5;

  @ObjectField(() => Inner, { description, optional: true, nullable: true })
  inner?: Inner | null;

  @JsonObjectField({ description, optional: true, maxBytes: 20, maxFields: 3 })
  extra?: Record<string, unknown>;

  @ChoiceField({ description, optional: true, name: 'Colour', of: ['red', 'green'] })
  colour?: string;

  @PatternField({ description, optional: true, nullable: true, pattern: /^\d{3}$/, form: 'three digits' })
  code?: string | null;

  @InstantField({ description, optional: true })
  at?: string;

  @LocalTimeField({ description, optional: true })
  time?: string;
}

async function errorsOf(payload: unknown): Promise<Record<string, string>> {
  try {
    await validatePayload(Sample, payload);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const errors = error.toDocument().errors ?? [];
    expect(errors.length, 'each path is named once').toBe(new Set(errors.map(({ path }) => path)).size);
    return Object.fromEntries(errors.map(({ path, message }) => [path, message]));
  }
  return {};
}

test('what is right comes back as an instance with its nested ones', async () => {
  const payload = await validatePayload(Sample, {
    text: ' a ',
    count: -1,
    inner: { words: ['a', 'bbbb'], deeper: { words: ['c'] } },
    extra: { a: [1, { b: null }] },
    colour: 'red',
    code: null,
  });
  expect(payload).toBeInstanceOf(Sample);
  expect(payload.inner).toBeInstanceOf(Inner);
  expect(payload.inner?.deeper).toBeInstanceOf(Inner);
  expect(payload).toMatchObject({ text: ' a ', limit: 5, extra: { a: [1, { b: null }] }, code: null });
});

describe('each wrong field has one message', () => {
  test.each([
    [{}, { text: 'is missing' }],
    [{ text: null }, { text: 'must be a string of 1 to 5 characters that is not blank' }],
    [{ text: 5 }, { text: 'must be a string of 1 to 5 characters that is not blank' }],
    [{ text: '\u2003\n' }, { text: 'must be a string of 1 to 5 characters that is not blank' }],
    [{ text: '\u200b\u2060\u3164' }, { text: 'must be a string of 1 to 5 characters that is not blank' }],
    [{ text: '\u00ad\u2800\ufe0f' }, { text: 'must be a string of 1 to 5 characters that is not blank' }],
    [{ text: '\u202e\u{e0020}\u0007' }, { text: 'must be a string of 1 to 5 characters that is not blank' }],
    [{ text: '\u200b.' }, {}],
    [{ text: 'abcdef' }, { text: 'must be a string of 1 to 5 characters that is not blank' }],
    [{ text: '🎉🎉🎉🎉🎉' }, {}],
    [{ text: '🎉🎉🎉🎉🎉🎉' }, { text: 'must be a string of 1 to 5 characters that is not blank' }],
    [{ text: `a${'\ufe0f'.repeat(5)}` }, { text: 'must be a string of 1 to 5 characters that is not blank' }],
    [{ text: 'a', count: '3' }, { count: 'must be a whole number from -1 to 10' }],
    [{ text: 'a', count: 3.5 }, { count: 'must be a whole number from -1 to 10' }],
    [{ text: 'a', count: 11 }, { count: 'must be a whole number from -1 to 10' }],
    [{ text: 'a', count: null }, { count: 'must be a whole number from -1 to 10' }],
    [{ text: 'a', count: true }, { count: 'must be a whole number from -1 to 10' }],
    [{ text: 'a', limit: '7' }, { limit: 'must be a whole number from 1 to 10' }],
    [{ text: 'a', colour: 'blue' }, { colour: 'must be one of red, green' }],
    [{ text: 'a', colour: ['red'] }, { colour: 'must be one of red, green' }],
    [{ text: 'a', code: '12' }, { code: 'must be three digits' }],
    [{ text: 'a', code: 123 }, { code: 'must be three digits' }],
    [{ text: 'a', inner: null }, {}],
    [{ text: 'a', inner: [] }, { inner: 'must be an object' }],
    [{ text: 'a', inner: [{}] }, { inner: 'must be an object' }],
    [{ text: 'a', inner: [{ words: [] }, []] }, { inner: 'must be an object' }],
    [{ text: 'a', inner: 'x' }, { inner: 'must be an object' }],
    [{ text: 'a', inner: { words: null } }, { 'inner.words': 'must be a list of 1 to 3 strings' }],
    [{ text: 'a', inner: { words: [] } }, { 'inner.words': 'must be a list of 1 to 3 strings' }],
    [{ text: 'a', inner: { words: { 0: 'a' } } }, { 'inner.words': 'must be a list of 1 to 3 strings' }],
    [
      { text: 'a', inner: { words: ['a', '', 'ccccc'], deeper: { words: [1], more: 1 } } },
      {
        'inner.words[1]': 'must be a string of 1 to 4 characters that is not blank',
        'inner.words[2]': 'must be a string of 1 to 4 characters that is not blank',
        'inner.deeper.words[0]': 'must be a string of 1 to 4 characters that is not blank',
        'inner.deeper.more': 'is not a known field',
      },
    ],
    [{ text: 'a', inner: { deeper: null } }, { 'inner.deeper': 'must be an object' }],
    [{ text: 'a', extra: [] }, { extra: 'must be a JSON object of at most 3 fields and 20 bytes' }],
    [
      { text: 'a', extra: { a: 'ééééééé' } },
      { extra: 'must be a JSON object of at most 3 fields and 20 bytes' },
    ],
    [{ text: 'a', time: '24:00' }, { time: expect.stringContaining('HH:MM') }],
    [{ text: 'a', at: '2026-01-01' }, { at: expect.stringContaining('RFC 3339') }],
    [{ text: 'a', Text: 'b' }, { Text: 'is not a known field' }],
  ])('%j', async (payload, errors) => {
    expect(await errorsOf(payload)).toEqual(errors);
  });

  test.each([undefined, null, [], [{ text: 'a' }], 'text', 5, true])('%j as a whole', async (payload) => {
    expect(await errorsOf(payload)).toEqual({ '': 'must be a JSON object' });
  });
});

describe('what no field may hold is refused wherever it stands', () => {
  test.each([
    ['{"text":"a","__proto__":{"polluted":true}}', '__proto__'],
    ['{"text":"a","constructor":{"prototype":{"polluted":true}}}', 'constructor'],
    ['{"text":"a","extra":{"a":{"__proto__":{}}}}', 'extra.a.__proto__'],
    ['{"text":"a","toString":1}', 'toString'],
    ['{"text":"a","extra":{"hasOwnProperty":1}}', 'extra.hasOwnProperty'],
    ['{"text":"a","extra":{"n":1e999}}', 'extra.n'],
    ['{"text":"a","extra":{"n":12345678901234567890}}', 'extra.n'],
    [`{"text":"a","extra":${'{"a":'.repeat(20)}1${'}'.repeat(20)}}`, `extra${'.a'.repeat(16)}`],
    ['{"text":"a","\\u0000":1}', '\ufffd'],
    ['{"text":"a","inner":{"\\ud800":1}}', 'inner.\ufffd'],
  ])('%s', async (json, path) => {
    expect(Object.keys(await errorsOf(JSON.parse(json)))).toEqual([path]);
    expect({}).not.toHaveProperty('polluted');
  });

  test('a bad character in any string or name of any JSON value', async () => {
    const bad = fc.constantFrom('\0', '\ud800', 'x\udfff', 'a\0b');
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), bad, fc.boolean(), async (value, text, asName) => {
        const planted = asName ? { [text]: value } : [value, text];
        expect(Object.keys(await errorsOf({ text: 'a', extra: { planted } }))).not.toEqual([]);
      }),
    );
  });

  test('nesting that would overflow a stack, and names without end, are answered shortly', async () => {
    const deep = JSON.parse(`{"text":"a","extra":{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}}`);
    expect(Object.values(await errorsOf(deep))).toEqual(['must not be nested deeper than 16 levels']);
    const [path = ''] = Object.keys(
      await errorsOf({ text: 'a', extra: { [`${'x'.repeat(100_000)}\0`]: 1 } }),
    );
    expect(path.length).toBeLessThan(200);
  });

  test('an object of very many fields is refused for that alone, wherever it stands', async () => {
    const fields = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 0]));
    expect(await errorsOf({ text: 'a', extra: fields(1_000) })).toEqual({
      extra: 'must be a JSON object of at most 3 fields and 20 bytes',
    });
    expect(await errorsOf({ text: 'a', extra: { wide: [fields(80_000)] } })).toEqual({
      'extra.wide[0]': 'must not have more than 1000 fields',
    });
    expect(await errorsOf(fields(1_001))).toEqual({ '': 'must not have more than 1000 fields' });
  });

  test('a list of very many items is refused for that alone, also where no list belongs', async () => {
    expect(await errorsOf({ text: 'a', inner: Array.from({ length: 10_001 }, () => 'x') })).toEqual({
      inner: 'must not have more than 10000 items',
    });
  });

  test('a thousand errors are not all told', async () => {
    const extra = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, '\0']));
    expect(Object.keys(await errorsOf({ text: 'a', extra })).length).toBeLessThanOrEqual(50);
  });
});
