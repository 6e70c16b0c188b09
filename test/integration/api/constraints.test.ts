import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aClient, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.end());

test('whatever is sent as a phone is taken or refused with a reason, and takes no other client with it', async () => {
  const piece = fc.oneof(
    fc.constantFrom('+', '00', ' ', '-', '.', '(', '/', 'x', '\u200e', '٣', '\0', '.0', '49', '7900'),
    fc.stringMatching(/^\d{1,6}$/),
    fc.string({ unit: 'binary', maxLength: 2 }),
  );
  const phone = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc.stringMatching(/^\+(49|62|81|82|234|598)\d{5,17}$/),
    fc.maxSafeInteger(),
    fc.jsonValue(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(phone, { minLength: 20, maxLength: 60 }), async (phones) => {
      await api.query('TRUNCATE clients');
      const good = aClient();
      const items = [...phones.map((one) => ({ ...aClient(), phone: one })), good];
      const { status, body } = await api.post('/v1/clients/batch', { items });
      expect(status).toBe(200);
      expect(body.items).toHaveLength(items.length);
      for (const item of body.items) expect([undefined, 400, 409]).toContain(item.error?.status);
      expect(body.items.at(-1)).toMatchObject({ status: 'created' });
    }),
    { numRuns: 8 },
  );
});

test('a rule of the table that nobody thought of refuses the client alone, and names the field', async () => {
  await api.query('TRUNCATE clients');
  await api.query(
    `ALTER TABLE clients ADD CONSTRAINT clients_operator_code_check CHECK (operator_code <> '666')`,
  );
  try {
    const items = Array.from({ length: 20 }, (_, nth) =>
      aClient({ operatorCode: nth % 7 === 3 ? '666' : '900' }),
    );
    for (const headers of [{}, { 'idempotency-key': 'constraint' }]) {
      await api.query('TRUNCATE clients');
      const { status, body } = await api.post('/v1/clients/batch', { items }, { headers });
      expect(status).toBe(200);
      expect(body.items.map((item: { error?: { errors: object[] } }) => item.error?.errors)).toEqual(
        items.map((_, nth) =>
          nth % 7 === 3 ? [{ path: 'operatorCode', message: 'has a value that is not allowed' }] : undefined,
        ),
      );
      expect(await api.query('SELECT count(*)::int AS n FROM clients')).toEqual([{ n: 17 }]);
    }
    const { status, body } = await api.post('/v1/clients', aClient({ operatorCode: '666' }));
    expect([status, body.errors[0].path]).toEqual([400, 'operatorCode']);
  } finally {
    await api.query('ALTER TABLE clients DROP CONSTRAINT clients_operator_code_check');
  }
});

test('what no column can hold in one client of a batch is refused there', async () => {
  const items = [
    aClient({ attributes: { a: '\0' } }),
    aClient({ tags: ['\ud83d'] }),
    aClient({ attributes: { deep: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]] } }),
    aClient(),
  ];
  const { status, body } = await api.post('/v1/clients/batch', { items });
  expect(status).toBe(200);
  expect(body.items.map((item: { status: string }) => item.status)).toEqual([
    'error',
    'error',
    'error',
    'created',
  ]);
});

test('a default country reads national numbers, in clients, batches and searches', async () => {
  const german = await TestApi.start({ DEFAULT_COUNTRY: 'DE' });
  try {
    const added = await german.post('/v1/clients', aClient({ phone: '0171 1234567' }));
    expect(added.body.phone).toBe('491711234567');
    const found = await german.get(
      `/v1/clients?phone=${encodeURIComponent('0171/1234567'.replace('/', ' '))}`,
    );
    expect(found.body.items).toHaveLength(1);
    const batch = {
      defaultCountry: 'RU',
      items: [aClient({ phone: '8 900 123-45-67' }), aClient({ phone: '12' })],
    };
    const { body } = await german.post('/v1/clients/batch', batch);
    expect(body.items[0].client.phone).toBe('79001234567');
    expect(body.items[1].error.errors).toEqual([
      {
        path: 'phone',
        message: 'is not a possible number of RU: write the number with + and the country code',
      },
    ]);
    expect((await german.post('/v1/clients/batch', { ...batch, defaultCountry: 'XX' })).status).toBe(400);
  } finally {
    await german.end();
  }
});
