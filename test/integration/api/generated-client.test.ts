import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import openapiTS, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from '../../support/api.js';

let api: TestApi;
let document: string;
let folder: string;

beforeAll(async () => {
  api = await TestApi.start();
  document = JSON.stringify((await api.get('/docs-json')).body);
  folder = await mkdtemp(join(tmpdir(), 'generated-client-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await api.end();
});

test('the document has nothing that a strict linter would mend', async () => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: { 'operation-tag-defined': 'error', 'parameter-description': 'error' },
  });
  const found = await lintFromString({ source: document, config });
  expect(found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
});

/** What a program would do with the client; each line that must not compile says so. */
const program = `
import type { components, operations, paths } from './client.js';

type Schemas = components['schemas'];

export const made: Schemas['CreateMailingDto'] = {
  text: 'Good news.',
  startAt: '2030-03-01T09:00:00+03:00',
  endAt: '2030-03-02T09:00:00+03:00',
  audience: { tags: ['vip'] },
  window: null,
};
// @ts-expect-error -- the unknown field is refused by the service
export const odd: Schemas['CreateMailingDto'] = { ...made, colour: 'red' as const } satisfies Schemas['CreateMailingDto'];
export const changed: Schemas['UpdateMailingDto'] = { rateLimit: null };
export const client: Pick<Schemas['ClientRecord'], 'id' | 'attributes'> = { id: 1, attributes: { any: [1] } };
export const outcome: Schemas['Attempt']['outcome'] = 'ambiguous';
// @ts-expect-error -- there is no such outcome
export const wrong: Schemas['Attempt']['outcome'] = 'accepted';
export function explain(problem: Schemas['Problem']): string {
  return problem.type === 'urn:event-message-service:problem:conflict' ? problem.detail : problem.title;
}
export type Listed = paths['/v1/clients']['get']['responses'][200]['content']['application/json'];
export const first = (page: Listed): number | undefined => page.items[0]?.id;
export type Query = NonNullable<operations['clients.list']['parameters']['query']>;
export const query: Query = { tag: 'vip' };
export type Key = NonNullable<operations['mailings.create']['parameters']['header']>['Idempotency-Key'];
export const key: Key = 'a-key';
`;

test('a TypeScript client that is made of the document compiles, and knows what the service takes', async () => {
  const client = astToString(await openapiTS(document));
  await writeFile(join(folder, 'client.ts'), client);
  await writeFile(join(folder, 'program.ts'), program);
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
  const output = await compile([...strict, '--noEmit', '--module', 'nodenext']);
  expect(output).toBe('');
});

/** What the compiler complains of. */
async function compile(options: string[]): Promise<string> {
  const compiler = resolve('node_modules/typescript/bin/tsc');
  const files = [join(folder, 'client.ts'), join(folder, 'program.ts')];
  const run = promisify(execFile);
  return run(process.execPath, [compiler, '--ignoreConfig', ...options, ...files]).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
}
