import * as fc from 'fast-check';
import { hugeJson, oddJson } from './odd-values.js';
import type { OpenApi, Schema } from './openapi.js';
import { someOf } from './seeded-choice.js';

type Place = readonly (string | number)[];

/** A body that is right but for what its name says: JSON text, something like it, or bytes. */
export interface OddBody {
  name: string;
  body: string | Buffer;
}

/** The most that a body may have, in bytes. */
const LIMIT = 1_048_576;

/** How many of the small and of the huge values go to each place in one run: all of them take minutes. */
const SMALL_A_PLACE = 8;
const HUGE_A_PLACE = 1;
/** How many bodies have several odd values at once. */
const MIXED = 15;

/**
 * Bodies for a schema of the OpenAPI document: odd values in each field, in those of objects in it, in an item of
 * each list and in place of the whole, one at a time and several at once; and odd forms. `right` is a body that
 * is taken, as JSON text; the seed chooses which values go where.
 */
export function oddBodies(openApi: OpenApi, schema: Schema, right: string, seed: number): OddBody[] {
  const whole = JSON.parse(right) as unknown;
  const places = placesOf(openApi, schema, whole);
  const single = places.flatMap((place) => {
    const at = place.join('.');
    const values = [...someOf(oddJson, SMALL_A_PLACE, at, seed), ...someOf(hugeJson, HUGE_A_PLACE, at, seed)];
    return values.map(({ name, json }) => ({
      name: `${at || 'the body'} is ${name}`,
      body: withRaw(whole, [[place, json]]),
    }));
  });
  return [...single, ...mixed(whole, places, seed), ...oddForms(right)];
}

function mixed(whole: unknown, places: Place[], seed: number): OddBody[] {
  const one = fc.tuple(fc.constantFrom(...places), fc.constantFrom(...oddJson));
  const several = fc.array(one, { minLength: 2, maxLength: 5 });
  return fc.sample(several, { seed, numRuns: MIXED }).map((odd) => ({
    name: odd.map(([place, { name }]) => `${place.join('.')} is ${name}`).join(', '),
    body: withRaw(
      whole,
      odd.map(([place, { json }]) => [place, json]),
    ),
  }));
}

function placesOf(openApi: OpenApi, given: Schema, value: unknown): Place[] {
  const schema = openApi.resolve(given);
  const inner = [...(schema.allOf ?? []), ...(schema.anyOf ?? [])].flatMap((one) =>
    placesOf(openApi, one, value),
  );
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    placesOf(openApi, property, isObject(value) ? value[name] : undefined).map((place) => [name, ...place]),
  );
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  const items = schema.items ? placesOf(openApi, schema.items, first).map((place) => [0, ...place]) : [];
  const anyName = schema.additionalProperties === true ? [['x']] : [];
  const places = [[], ...inner, ...fields, ...items, ...anyName];
  return [...new Map(places.map((place) => [place.join('.'), place])).values()];
}

/** The JSON of a value with some places replaced by text that need not be JSON of any value. */
function withRaw(whole: unknown, replaced: readonly (readonly [Place, string])[]): string {
  const marked = replaced.reduce((value, [place], nth) => put(value, place, mark(nth)), whole);
  return replaced.reduce(
    (text, [, raw], nth) => text.replace(JSON.stringify(mark(nth)), () => raw),
    JSON.stringify(marked),
  );
}

function mark(nth: number): string {
  return `\u0001${nth}\u0001`;
}

function put(value: unknown, [key, ...rest]: Place, leaf: string): unknown {
  if (key === undefined) return leaf;
  if (typeof key === 'number') return [put(Array.isArray(value) ? value[key] : undefined, rest, leaf)];
  const object = isObject(value) ? value : {};
  return { ...object, [key]: put(object[key], rest, leaf) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const oddNames = [
  'unknown',
  '',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '\\u0000',
  '\\ud800',
  'x'.repeat(9_000),
];

/** What can be wrong with a body beyond its values: JSON that is none, names that are odd, sizes. */
function oddForms(right: string): OddBody[] {
  const fields = right.slice(1, -1);
  const [first = '"a":1'] = /^"[^"]*":("[^"]*"|[^,]*)/.exec(fields) ?? [];
  const filled = (size: number) => right + ' '.repeat(Math.max(0, size - Buffer.byteLength(right)));
  return [
    { name: 'there is no body', body: '' },
    { name: 'the body breaks off', body: right.slice(0, -1) },
    { name: 'the body goes on', body: `${right}${right}` },
    { name: 'the body has a comma too many', body: `{${fields},}` },
    { name: 'the body is in single quotes', body: `{'a':1}` },
    { name: 'the body has NaN', body: `{${fields},"a":NaN}` },
    { name: 'the body is UTF-16', body: Buffer.from(right, 'utf16le') },
    {
      name: 'the body is not UTF-8',
      body: Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc0])]),
    },
    { name: 'the body is NUL bytes', body: Buffer.alloc(1_000) },
    { name: 'the body has a byte order mark', body: `\ufeff${right}` },
    { name: 'a field comes twice', body: `{${fields},${first}}` },
    { name: 'a field comes twice, once as null', body: `{${first.replace(/:.*/, ':null')},${fields}}` },
    ...oddNames.map((name) => ({
      name: `there is a field ${name.slice(0, 20)}`,
      body: `{${fields}${fields === '' ? '' : ','}"${name}":{"polluted":true}}`,
    })),
    { name: 'the body is as large as it may be', body: filled(LIMIT) },
    { name: 'the body is larger than it may be', body: filled(LIMIT + 1) },
    { name: 'the body is 500,000 lists deep', body: '['.repeat(500_000) + ']'.repeat(500_000) },
    { name: 'the body is 500,000 lists', body: `[${'[],'.repeat(300_000)}[]]` },
    {
      name: 'the body is 80,000 names',
      body: `{${Array.from({ length: 80_000 }, (_, n) => `"${n}":0`).join()}}`,
    },
  ];
}
