import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from '../../support/api.js';
import { textOf } from '../../support/documents.js';
import { notPlainIn, retiredWords } from '../../support/prose.js';

let api: TestApi;
let document: unknown;

beforeAll(async () => {
  api = await TestApi.start();
  document = (await api.get('/docs-json')).body;
});
afterAll(() => api.end());

const PROSE = new Set(['summary', 'description', 'title']);

/** Every text of the document that is for people, with where it stands. Fields and headers may have such names too. */
function proseOf(part: unknown, at = ''): [at: string, text: string][] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([name, child]: [string, unknown]) =>
    typeof child === 'string' && PROSE.has(name)
      ? [[`${at}/${name}`, child]]
      : proseOf(child, `${at}/${name}`),
  );
}

test('every text of the document has short sentences and none of the retired phrases', () => {
  const retired = retiredWords(textOf('docs/words.md'));
  const prose = proseOf(document);
  expect(retired.length).toBeGreaterThan(15);
  expect(prose.length).toBeGreaterThan(400);
  expect(prose.filter(([at]) => at.startsWith('/paths/')).length).toBeGreaterThan(200);
  expect(prose.filter(([at]) => at.startsWith('/components/schemas/')).length).toBeGreaterThan(100);
  expect(prose.flatMap(([at, text]) => notPlainIn(text, retired).map((why) => `${at}: ${why}`))).toEqual([]);
});

test('the details of the examples are as plain', () => {
  const retired = retiredWords(textOf('docs/words.md'));
  const details = [...JSON.stringify(document).matchAll(/"detail":"((?:[^"\\]|\\.)*)"/g)].map(
    ([, detail = '']) => detail,
  );
  expect(details.length).toBeGreaterThan(40);
  expect(details.flatMap((detail) => notPlainIn(detail, retired))).toEqual([]);
});
