import { expect, test } from 'vitest';
import { publicTexts } from '../../support/public-texts.js';
import { textOf } from '../../support/documents.js';
import { notPlainIn, retiredWords } from '../../support/prose.js';

const texts = publicTexts('apps/api', 'libs');
const found = texts.map(({ text }) => text);

test('the texts of errors, health and settings have short sentences and none of the retired phrases', () => {
  const retired = retiredWords(textOf('docs/words.md'));
  expect(retired.length).toBeGreaterThan(15);
  expect(texts.length).toBeGreaterThan(400);
  expect(texts.flatMap(({ at, text }) => notPlainIn(text, retired).map((why) => `${at}: ${why}`))).toEqual(
    [],
  );
});

test.for([
  ['an argument', 'No dispatcher is alive, so nothing is sent.'],
  ['a condition', 'is not valid UTF-8'],
  ['a template', 'There is no 0 with the id 0.'],
  ['a template inside of another', 'must be a list of at most 0 strings'],
  [
    'a constant in a template',
    'is not an international number in use: write the number with + and the country code',
  ],
  ['what functions return', 'has too few digits for its country'],
  ['functions of other files', 'HTTP 0 with a body that is too long'],
  [
    'methods of other libraries',
    'NATS keeps 0 of the 0 copies of NATS_REPLICAS: run a NATS cluster of at least 0 servers.',
  ],
  ['a map', 'A body may have at most 1 MiB.'],
  ['a map of functions', 'HOST=0 cannot be resolved: set an address such as 127.0.0.1.'],
  ['a list that is taken apart', 'The bytes received are not an HTTP/1.1 request.'],
  ['the decorators of fields', 'a time of day as HH:MM, from 00:00 to 23:59'],
  ['the schema of settings', 'must be the two capital letters of a country, as in ISO 3166, such as DE'],
  ['a list that is mapped', '0 is not set.'],
  ['what a check of health throws', 'Lists and statistics cannot be served: 0.'],
  ['what is masked before it is told', 'The 0 is not reachable: no answer within 0 ms.'],
] as const)('%s is among what was read', ([, text]) => {
  expect(found).toContain(text);
});

test('no text is that of a statement', () => {
  expect(found.filter((text) => /\b(SELECT|UPDATE|INSERT)\b/.test(text))).toEqual([]);
});
