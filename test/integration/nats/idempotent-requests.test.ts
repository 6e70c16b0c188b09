import { randomUUID } from 'node:crypto';
import { headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { requestReply } from '../../../apps/api/nats/request-reply.js';
import { aClient, aMailing, TestApi } from '../../support/api.js';
import { keyedPost } from '../../support/keyed-requests.js';
import { NatsClient } from '../../support/nats-client.js';
import { until } from '../../support/until.js';

let api: TestApi;
let nats: NatsClient;
let key: string;

beforeAll(async () => {
  api = await TestApi.start();
  api.app.connectMicroservice(requestReply(api.app));
  await api.app.startAllMicroservices();
  nats = await NatsClient.connect(api.natsUrl);
  await until('requests are answered', () => nats.request('ems.statistics.get'));
});
beforeEach(async () => {
  key = randomUUID();
  await api.query('TRUNCATE clients, mailings, idempotency_keys');
});
afterAll(async () => {
  await nats.close();
  await api.end();
});

interface Reply {
  text: string;
  errorCode: string | undefined;
  replayed: string | undefined;
}

async function ask(subject: string, payload: object, ...keys: string[]): Promise<Reply> {
  const marks = headers();
  for (const one of keys.length > 0 ? keys : [key]) marks.append('Idempotency-Key', one);
  const options = { timeout: 5_000, headers: marks };
  const message = await nats.connection.request(subject, JSON.stringify(payload), options);
  const header = (name: string) => message.headers?.get(name) || undefined;
  return {
    text: message.string(),
    errorCode: header('Nats-Service-Error-Code'),
    replayed: header('Idempotency-Replayed'),
  };
}

async function count(table: string): Promise<number> {
  return (await api.query(`SELECT 1 FROM ${table}`)).length;
}

test('twenty requests at once under one key make one thing, and get the same bytes', async () => {
  const payload = aMailing();
  const replies = await Promise.all(Array.from({ length: 20 }, () => ask('ems.mailings.create', payload)));

  const [first, ...repeated] = replies.toSorted((one) => (one.replayed === undefined ? -1 : 1));
  expect(first).toMatchObject({ errorCode: undefined, replayed: undefined });
  expect(repeated).toHaveLength(19);
  for (const reply of repeated) expect(reply).toEqual({ ...first, replayed: 'true' });
  expect(await count('mailings')).toBe(1);
});

test('every subject that changes something, and cannot be repeated as it is, takes a key', async () => {
  const { id } = JSON.parse((await ask('ems.mailings.create', aMailing())).text);
  const messages = await api.query<{ id: number }>(
    `INSERT INTO messages (mailing_id, client_id, batch_id, phone, status, attempts)
     SELECT $1, client, 1, 79001112233, 'unknown', 1 FROM generate_series(1, 2) AS client RETURNING id`,
    [id],
  );
  const calls: [string, object][] = [
    ['ems.clients.create', aClient()],
    ['ems.messages.resolve', { id: messages[0]?.id, as: 'sent' }],
    ['ems.mailings.resolve', { id, as: 'failed' }],
    ['ems.mailings.pause', { id }],
    ['ems.mailings.resume', { id }],
    ['ems.mailings.cancel', { id }],
  ];
  for (const [subject, payload] of calls) {
    const first = await ask(subject, payload, subject);
    expect(first, subject).toMatchObject({ errorCode: undefined, replayed: undefined });
    expect(await ask(subject, payload, subject), subject).toEqual({ ...first, replayed: 'true' });
  }
});

test('the others go past it', async () => {
  const { id } = JSON.parse((await ask('ems.clients.create', aClient())).text);
  for (const [subject, payload] of [
    ['ems.clients.get', { id }],
    ['ems.clients.list', {}],
    ['ems.clients.update', { id, tags: ['a'] }],
    ['ems.statistics.get', {}],
    ['ems.clients.delete', { id }],
  ] as const) {
    expect(await ask(subject, payload), subject).toMatchObject({ errorCode: undefined, replayed: undefined });
  }
});

test('another payload, subject or transport under the key is a 422', async () => {
  const payload = aClient();
  await ask('ems.clients.create', payload);

  expect(await ask('ems.clients.create', { ...payload, tags: ['a'] })).toMatchObject({ errorCode: '422' });
  expect(await ask('ems.mailings.create', aMailing())).toMatchObject({ errorCode: '422' });
  expect(await keyedPost(api, '/v1/clients', payload, key)).toMatchObject({ status: 422 });
  expect([await count('clients'), await count('mailings')]).toEqual([1, 0]);
});

test('a refused request can be corrected under its key', async () => {
  expect(await ask('ems.clients.create', aClient({ timezone: 'Mars/Olympus' }))).toMatchObject({
    errorCode: '400',
  });
  expect(await ask('ems.clients.create', aClient({ colour: 'red' }))).toMatchObject({ errorCode: '400' });
  expect(await ask('ems.clients.create', aClient())).toMatchObject({
    errorCode: undefined,
    replayed: undefined,
  });
});

test('what can not be a key is refused', async () => {
  for (const keys of [['two', 'keys'], ['a space'], ['k'.repeat(256)]]) {
    const { errorCode, text } = await ask('ems.clients.create', aClient(), ...keys);
    expect([errorCode, JSON.parse(text).errors[0].path]).toEqual(['400', 'Idempotency-Key']);
  }
  expect(await count('clients')).toBe(0);
});

test('the name of the header may be written in any case, as over HTTP', async () => {
  const payload = JSON.stringify(aClient());
  const send = async (name: string) => {
    const marks = headers();
    marks.set(name, key);
    const message = await nats.connection.request('ems.clients.create', payload, {
      timeout: 5_000,
      headers: marks,
    });
    return message.string();
  };
  expect(await send('idempotency-key')).toBe(await send('IDEMPOTENCY-KEY'));
  expect(await count('clients')).toBe(1);
});
