import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aClient, aMailing, inHours, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
  await api.post('/v1/clients', aClient({ phone: '+79160000001' }));
  await api.post('/v1/mailings', aMailing());
});
afterAll(() => api.end());

const oddText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\0',
    '\ud800',
    '',
    ' ',
    "'; DROP TABLE clients; --",
    '\\',
    '{}',
    '%',
    '__proto__',
    'NaN',
    '🎉'.repeat(5_000),
  ),
);
const oddValue = fc.oneof(
  oddText,
  fc.jsonValue(),
  fc.constantFrom(null, true, 0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, [], {}, [null], [[]], {
    length: 3,
  }),
  fc.constantFrom('9999-12-31T23:59:59Z', '1970-01-01T00:00:00Z', inHours(1), 'UTC', '00:00', '+79001112233'),
);

/** A body that is right but for some of its fields, and has some that don't exist. */
function almost(right: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> {
  const wrong = fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(right)), oddText), oddValue, {
    maxKeys: 3,
  });
  return fc
    .tuple(fc.subarray(Object.keys(right)), wrong)
    .map(([kept, fields]) => ({ ...Object.fromEntries(kept.map((key) => [key, right[key]])), ...fields }));
}

const client = aClient({ operatorCode: '900', tags: ['a'], attributes: { a: [1] } });
const mailing = aMailing({
  audience: { tags: ['a'], excludeTags: ['b'], operatorCodes: ['900'], timezones: ['UTC'] },
  window: { from: '09:00', to: '21:00' },
  priority: 1,
});

test.each([
  { method: 'POST', path: '/v1/clients', right: client },
  { method: 'PATCH', path: '/v1/clients/1', right: client },
  { method: 'POST', path: '/v1/mailings', right: mailing },
  { method: 'PATCH', path: '/v1/mailings/1', right: mailing },
])(
  '$method $path takes or refuses whatever it is sent, and breaks at nothing',
  async ({ method, path, right }) => {
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(almost(right), oddValue), async (body) => {
        const { status, body: answer } = await api.call(method, path, { body });
        seen.add(status);
        expect(status, JSON.stringify(answer)).toBeLessThan(500);
        if (status === 400) expect(answer.errors.length).toBeGreaterThan(0);
      }),
      { numRuns: 250 },
    );
    expect(seen).toContain(400);
  },
);

test('a batch takes or refuses each of whatever it is sent', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(almost(client), oddValue), { minLength: 1, maxLength: 8 }),
      async (items) => {
        const { status, body } = await api.post('/v1/clients/batch', { items });
        expect([200, 400]).toContain(status);
        if (status === 200) expect(body.items).toHaveLength(items.length);
      },
    ),
    { numRuns: 100 },
  );
});

test.each([
  '/v1/clients',
  '/v1/mailings',
  '/v1/mailings/1/messages',
  '/v1/clients/1/messages',
  '/v1/statistics',
])('GET %s takes or refuses whatever is asked for', async (path) => {
  const name = fc.constantFrom(
    'limit',
    'cursor',
    'phone',
    'tag',
    'operatorCode',
    'timezone',
    'status',
    'other',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, oddText), { maxLength: 3 }), async (parameters) => {
      const query = parameters.map(
        ([key, value]) => `${key}=${encodeURIComponent(value.replaceAll(/\p{Surrogate}/gu, ''))}`,
      );
      const { status } = await api.get(`${path}?${query.join('&')}`);
      expect([200, 400]).toContain(status);
    }),
    { numRuns: 60 },
  );
});
