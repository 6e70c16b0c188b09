import { afterAll, beforeAll } from 'vitest';
import { aClient, TestApi } from '../../support/api.js';
import { refuses, type WrongCall } from '../../support/wrong-input.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
  await api.post('/v1/clients', aClient({ phone: '+79161234567' }));
});
afterAll(() => api.end());

const json = { 'content-type': 'application/json' };
const aClientWith = (fields: object) => ({ body: aClient({ ...fields }) });

const fields = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, index]));

const cases: WrongCall[] = [
  ['a phone that is none', 'POST', '/v1/clients', aClientWith({ phone: '12345' }), 400, ['phone']],
  ['a phone as a fraction', 'POST', '/v1/clients', aClientWith({ phone: 7900123456.5 }), 400, ['phone']],
  [
    'a phone of 16 digits',
    'POST',
    '/v1/clients',
    aClientWith({ phone: '+49 6691 12345 67890' }),
    400,
    ['phone'],
  ],
  ['101 attributes', 'POST', '/v1/clients', aClientWith({ attributes: fields(101) }), 400, ['attributes']],
  ['a time zone nobody knows to search for', 'GET', '/v1/clients?timezone=GMT', {}, 400, ['timezone']],
  [
    'a phone without its country',
    'POST',
    '/v1/clients',
    aClientWith({ phone: '(900) 123-45-67' }),
    400,
    ['phone'],
  ],
  ['no phone', 'POST', '/v1/clients', { body: { timezone: 'UTC' } }, 400, ['phone']],
  ['a phone that is taken', 'POST', '/v1/clients', aClientWith({ phone: '7 916 123-45-67' }), 409, ['phone']],
  [
    'a time zone nobody knows',
    'POST',
    '/v1/clients',
    aClientWith({ timezone: 'Mars/Olympus' }),
    400,
    ['timezone'],
  ],
  ['an offset as time zone', 'POST', '/v1/clients', aClientWith({ timezone: '+03:00' }), 400, ['timezone']],
  [
    'an abbreviation as time zone',
    'POST',
    '/v1/clients',
    aClientWith({ timezone: 'EST' }),
    400,
    ['timezone'],
  ],
  ['an unknown field', 'POST', '/v1/clients', aClientWith({ name: 'Anna' }), 400, ['name']],
  ['a field of the answer', 'POST', '/v1/clients', aClientWith({ id: 7 }), 400, ['id']],
  [
    'a wrong and an empty tag',
    'POST',
    '/v1/clients',
    aClientWith({ tags: ['a', 7, ' '] }),
    400,
    ['tags[1]', 'tags[2]'],
  ],
  [
    'too many tags',
    'POST',
    '/v1/clients',
    aClientWith({ tags: Array.from({ length: 51 }, String) }),
    400,
    ['tags'],
  ],
  ['tags that are null', 'POST', '/v1/clients', aClientWith({ tags: null }), 400, ['tags']],
  [
    'a wrong operator code',
    'POST',
    '/v1/clients',
    aClientWith({ operatorCode: '9 0 0' }),
    400,
    ['operatorCode'],
  ],
  ['attributes as a list', 'POST', '/v1/clients', aClientWith({ attributes: [] }), 400, ['attributes']],
  [
    'attributes too large',
    'POST',
    '/v1/clients',
    aClientWith({ attributes: { a: 'x'.repeat(16_384) } }),
    400,
    ['attributes'],
  ],
  ['a NUL in a tag', 'POST', '/v1/clients', aClientWith({ tags: ['a\0'] }), 400, ['tags[0]']],
  [
    'a NUL deep in the attributes',
    'POST',
    '/v1/clients',
    aClientWith({ attributes: { a: [{ b: '\0' }] } }),
    400,
    ['attributes.a[0].b'],
  ],
  [
    'half of a surrogate pair',
    'POST',
    '/v1/clients',
    aClientWith({ attributes: { a: '\ud83d' } }),
    400,
    ['attributes.a'],
  ],
  [
    'a name that objects have',
    'POST',
    '/v1/clients',
    { raw: '{"phone":"+79001112233","timezone":"UTC","__proto__":{"tags":["x"]}}', headers: json },
    400,
    ['__proto__'],
  ],
  ['a NUL in the query', 'GET', '/v1/clients?tag=%00', {}, 400, ['tag']],
  ['an unknown parameter', 'GET', '/v1/clients?name=Anna', {}, 400, ['name']],
  ['a limit that is too high', 'GET', '/v1/clients?limit=501', {}, 400, ['limit']],
  ['a limit that is no number', 'GET', '/v1/clients?limit=ten', {}, 400, ['limit']],
  ['a parameter twice', 'GET', '/v1/clients?tag=a&tag=b', {}, 400, ['tag']],
  ['a cursor that is none', 'GET', '/v1/clients?cursor=abc', {}, 400, ['cursor']],
  ['an empty batch', 'POST', '/v1/clients/batch', { body: { items: [] } }, 400, ['items']],
  [
    'a batch of 1,001',
    'POST',
    '/v1/clients/batch',
    { body: { items: Array.from({ length: 1_001 }, () => ({})) } },
    400,
    ['items'],
  ],
  ['an id that is a word', 'GET', '/v1/clients/anna', {}, 400, ['id']],
  ['an id of 0', 'DELETE', '/v1/clients/0', {}, 400, ['id']],
  ['an id with a fraction', 'DELETE', '/v1/clients/1.5', {}, 400, ['id']],
  ['an id of 2^53', 'DELETE', '/v1/clients/9007199254740992', {}, 400, ['id']],
  ['an unknown id', 'DELETE', '/v1/clients/4711', {}, 404, []],
  ['an unknown id to change', 'PATCH', '/v1/clients/4711', { body: { tags: [] } }, 404, []],
];

refuses(cases, () => api);
