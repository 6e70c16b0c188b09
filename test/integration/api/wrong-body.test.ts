import { afterAll, beforeAll } from 'vitest';
import { TestApi } from '../../support/api.js';
import { refuses, type WrongCall } from '../../support/wrong-input.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.end());

const json = { 'content-type': 'application/json' };

const cases: WrongCall[] = [
  ['broken JSON', 'POST', '/v1/clients', { raw: '{"phone":', headers: json }, 400, ['']],
  [
    'bytes that are not UTF-8',
    'POST',
    '/v1/clients',
    { raw: Buffer.from([0x22, 0xff, 0x22]), headers: json },
    400,
    [''],
  ],
  ['no body', 'POST', '/v1/clients', { headers: json }, 400, ['']],
  ['a list as body', 'POST', '/v1/mailings', { body: [] }, 400, ['']],
  ['null as body', 'POST', '/v1/mailings', { body: null }, 400, ['']],
  ['a word as body', 'POST', '/v1/mailings', { body: 'mailing' }, 400, ['']],
  [
    'nesting without end',
    'POST',
    '/v1/clients',
    { raw: `${'['.repeat(500_000)}${']'.repeat(500_000)}`, headers: json },
    400,
    [''],
  ],
  [
    'a body over the limit',
    'POST',
    '/v1/clients',
    { raw: JSON.stringify({ phone: 'x'.repeat(1_048_577) }), headers: json },
    413,
    [],
  ],
  [
    'a form',
    'POST',
    '/v1/clients',
    { raw: 'phone=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    [],
  ],
  [
    'a body of no type',
    'POST',
    '/v1/clients',
    { raw: '{}', headers: { 'content-type': 'text/plain' } },
    415,
    [],
  ],
];

refuses(cases, () => api);
