import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aClient, aMailing, type Call, inHours, TestApi } from '../../support/api.js';

let api: TestApi;
let clientId: number;
let mailingId: number;
let runningId: number;

beforeAll(async () => {
  api = await TestApi.start();
  clientId = (await api.post('/v1/clients', aClient({ phone: '+79161234567' }))).body.id;
  mailingId = (await api.post('/v1/mailings', aMailing())).body.id;
  runningId = (await api.post('/v1/mailings', aMailing({ startAt: inHours(-1) }))).body.id;
  await api.query(`UPDATE mailings SET status = 'running', started_at = now() WHERE id = $1`, [runningId]);
});

afterAll(() => api.end());

const json = { 'content-type': 'application/json' };
const aClientWith = (fields: object) => ({ body: aClient({ ...fields }) });
const aMailingWith = (fields: object) => ({ body: aMailing({ ...fields }) });

/** What is wrong, the call, the status, and the paths of the fields that are named. */
type Case = [name: string, method: string, path: string, call: Call, status: number, paths: string[]];

const clients: Case[] = [
  ['a phone that is none', 'POST', '/v1/clients', aClientWith({ phone: '12345' }), 400, ['phone']],
  ['a phone as a number', 'POST', '/v1/clients', aClientWith({ phone: 79001234567 }), 400, ['phone']],
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

const mailings: Case[] = [
  [
    'an end before the start',
    'POST',
    '/v1/mailings',
    aMailingWith({ startAt: inHours(5), endAt: inHours(4) }),
    400,
    ['endAt'],
  ],
  [
    'an end at the start',
    'POST',
    '/v1/mailings',
    aMailingWith({ startAt: inHours(5), endAt: inHours(5) }),
    400,
    ['endAt'],
  ],
  [
    'an end in the past',
    'POST',
    '/v1/mailings',
    aMailingWith({ startAt: inHours(-5), endAt: inHours(-4) }),
    400,
    ['endAt'],
  ],
  [
    'times without offset',
    'POST',
    '/v1/mailings',
    aMailingWith({ startAt: '2030-01-01T00:00:00', endAt: '2030-01-02' }),
    400,
    ['startAt', 'endAt'],
  ],
  [
    'a day that does not exist',
    'POST',
    '/v1/mailings',
    aMailingWith({ endAt: '2031-02-29T00:00:00Z' }),
    400,
    ['endAt'],
  ],
  [
    'a year beyond 9999',
    'POST',
    '/v1/mailings',
    aMailingWith({ endAt: '9999-12-31T23:59:59-01:00' }),
    400,
    ['endAt'],
  ],
  [
    'a window of no time',
    'POST',
    '/v1/mailings',
    aMailingWith({ window: { from: '09:00', to: '09:00' } }),
    400,
    ['window.to'],
  ],
  [
    'a window of wrong times',
    'POST',
    '/v1/mailings',
    aMailingWith({ window: { from: '9:00', to: '24:00' } }),
    400,
    ['window.from', 'window.to'],
  ],
  ['half a window', 'POST', '/v1/mailings', aMailingWith({ window: { from: '09:00' } }), 400, ['window.to']],
  ['an unknown field', 'POST', '/v1/mailings', aMailingWith({ onAmbiguous: 'hold' }), 400, ['onAmbiguous']],
  [
    'an unknown field inside',
    'POST',
    '/v1/mailings',
    aMailingWith({ audience: { ages: [18] } }),
    400,
    ['audience.ages'],
  ],
  ['an empty text', 'POST', '/v1/mailings', aMailingWith({ text: '' }), 400, ['text']],
  ['a blank text', 'POST', '/v1/mailings', aMailingWith({ text: ' \n\t ' }), 400, ['text']],
  ['a text over the limit', 'POST', '/v1/mailings', aMailingWith({ text: 'x'.repeat(4_097) }), 400, ['text']],
  ['a NUL in the text', 'POST', '/v1/mailings', aMailingWith({ text: 'a\0b' }), 400, ['text']],
  ['half of a surrogate pair', 'POST', '/v1/mailings', aMailingWith({ text: '\udc00' }), 400, ['text']],
  [
    'an audience that is a word',
    'POST',
    '/v1/mailings',
    aMailingWith({ audience: 'all' }),
    400,
    ['audience'],
  ],
  ['an audience that is a list', 'POST', '/v1/mailings', aMailingWith({ audience: [] }), 400, ['audience']],
  [
    'an audience value of a wrong type',
    'POST',
    '/v1/mailings',
    aMailingWith({ audience: { tags: ['a', 5], operatorCodes: [null] } }),
    400,
    ['audience.operatorCodes[0]', 'audience.tags[1]'],
  ],
  [
    'an audience list that is a word',
    'POST',
    '/v1/mailings',
    aMailingWith({ audience: { tags: 'vip' } }),
    400,
    ['audience.tags'],
  ],
  [
    'an empty audience list',
    'POST',
    '/v1/mailings',
    aMailingWith({ audience: { excludeTags: [] } }),
    400,
    ['audience.excludeTags'],
  ],
  [
    'an audience of an unknown zone',
    'POST',
    '/v1/mailings',
    aMailingWith({ audience: { timezones: ['UTC', 'Mars/Olympus'] } }),
    400,
    ['audience.timezones[1]'],
  ],
  ['a priority as a string', 'POST', '/v1/mailings', aMailingWith({ priority: '5' }), 400, ['priority']],
  ['a priority over the limit', 'POST', '/v1/mailings', aMailingWith({ priority: 101 }), 400, ['priority']],
  ['a status nobody knows', 'GET', '/v1/mailings?status=sleeping', {}, 400, ['status']],
  [
    'a start after the end by PATCH',
    'PATCH',
    '/v1/mailings/:scheduled',
    { body: { startAt: inHours(72) } },
    400,
    ['startAt'],
  ],
  [
    'an end in the past by PATCH',
    'PATCH',
    '/v1/mailings/:scheduled',
    { body: { endAt: inHours(-1) } },
    400,
    ['endAt'],
  ],
  [
    'an unknown zone by PATCH',
    'PATCH',
    '/v1/mailings/:scheduled',
    { body: { audience: { timezones: ['X/Y'] } } },
    400,
    ['audience.timezones[0]'],
  ],
  ['a text that is null', 'PATCH', '/v1/mailings/:scheduled', { body: { text: null } }, 400, ['text']],
  [
    'a text after the start',
    'PATCH',
    '/v1/mailings/:running',
    { body: { text: 'Other news.' } },
    409,
    ['text'],
  ],
  [
    'a window after the start',
    'PATCH',
    '/v1/mailings/:running',
    { body: { window: null, endAt: inHours(50) } },
    409,
    ['window'],
  ],
  [
    'an end in the past after the start',
    'PATCH',
    '/v1/mailings/:running',
    { body: { endAt: inHours(-1) } },
    400,
    ['endAt'],
  ],
  ['deleting a running one', 'DELETE', '/v1/mailings/:running', {}, 409, []],
  ['an id that is none', 'POST', '/v1/mailings/-1/pause', {}, 400, ['id']],
  ['an unknown id to show', 'GET', '/v1/mailings/4711', {}, 404, []],
  ['an unknown id to pause', 'POST', '/v1/mailings/4711/pause', {}, 404, []],
  ['an unknown id to resume', 'POST', '/v1/mailings/4711/resume', {}, 404, []],
  ['an unknown id to cancel', 'POST', '/v1/mailings/4711/cancel', {}, 404, []],
  ['an unknown id to change', 'PATCH', '/v1/mailings/4711', { body: {} }, 404, []],
  ['an unknown id to delete', 'DELETE', '/v1/mailings/4711', {}, 404, []],
  ["an unknown mailing's messages", 'GET', '/v1/mailings/4711/messages', {}, 404, []],
  ["an unknown mailing's statistics", 'GET', '/v1/mailings/4711/statistics', {}, 404, []],
  ["an unknown client's messages", 'GET', '/v1/clients/4711/messages', {}, 404, []],
  ['an unknown message', 'GET', '/v1/messages/4711', {}, 404, []],
];

const bodies: Case[] = [
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

describe.each([
  { about: 'clients', cases: clients },
  { about: 'mailings', cases: mailings },
  { about: 'bodies', cases: bodies },
])('about $about', ({ cases }) => {
  test.each(cases)('%s is refused and changes nothing', async (_, method, path, call, status, paths) => {
    const before = await api.snapshot();
    const url = path.replace(':scheduled', String(mailingId)).replace(':running', String(runningId));
    const answer = await api.call(method, url, call);

    expect(answer.body).toMatchObject({
      type: expect.stringMatching(/^urn:event-message-service:problem:[a-z-]+$/),
      title: expect.any(String),
      status,
      detail: expect.any(String),
      instance: url.split('?')[0],
      requestId: answer.headers['x-request-id'],
    });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    const named = (answer.body.errors ?? []).map((error: { path: string }) => error.path);
    expect(named.toSorted()).toEqual(paths.toSorted());
    expect(await api.snapshot()).toEqual(before);
  });
});

test('what is there is still there', async () => {
  expect((await api.get(`/v1/clients/${clientId}`)).status).toBe(200);
  expect((await api.get(`/v1/mailings/${mailingId}`)).body.status).toBe('scheduled');
});
