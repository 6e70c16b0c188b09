import { afterAll, beforeAll } from 'vitest';
import { aMailing, inHours, TestApi } from '../../support/api.js';
import { refuses, type WrongCall } from '../../support/wrong-input.js';

let api: TestApi;
const ids = { scheduled: 0, running: 0 };

beforeAll(async () => {
  api = await TestApi.start();
  ids.scheduled = (await api.post('/v1/mailings', aMailing())).body.id;
  ids.running = (await api.post('/v1/mailings', aMailing({ startAt: inHours(-1) }))).body.id;
  await api.query(`UPDATE mailings SET status = 'running', started_at = now() WHERE id = $1`, [ids.running]);
});
afterAll(() => api.end());

const aMailingWith = (fields: object) => ({ body: aMailing({ ...fields }) });

const cases: WrongCall[] = [
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
  ['a rate limit of nothing', 'POST', '/v1/mailings', aMailingWith({ rateLimit: 0 }), 400, ['rateLimit']],
  ['a rate limit of a half', 'POST', '/v1/mailings', aMailingWith({ rateLimit: 0.5 }), 400, ['rateLimit']],
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

refuses(
  cases,
  () => api,
  () => ids,
);
