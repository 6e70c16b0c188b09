import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NatsClient } from '../support/nats-client.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

let world: World;
let nats: NatsClient;

beforeAll(async () => {
  world = await World.start();
  nats = await NatsClient.connect(world.natsUrl);
  await until(
    'requests are answered',
    async () => (await nats.request('ems.statistics.get')).body.total === 0,
  );
});

afterAll(async () => {
  await nats.close();
  await world.end();
});

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
let nextPhone = 79_005_000_000;

async function aClient(fields: object = {}): Promise<{ id: number; phone: string }> {
  const { body, errorCode } = await nats.request('ems.clients.create', {
    phone: `+${(nextPhone += 1)}`,
    timezone: 'Europe/Moscow',
    ...fields,
  });
  expect(errorCode, JSON.stringify(body)).toBeUndefined();
  return body;
}

async function aMailing(fields: object = {}): Promise<{ id: number; status: string }> {
  const { body, errorCode } = await nats.request('ems.mailings.create', {
    text: 'Good news.',
    startAt: inHours(24),
    endAt: inHours(48),
    ...fields,
  });
  expect(errorCode, JSON.stringify(body)).toBeUndefined();
  return body;
}

test('a mailing made over NATS is sent, and its messages and statistics can be read', async () => {
  const client = await aClient({ tags: ['nats'] });
  const mailing = await aMailing({
    startAt: inHours(-1),
    endAt: inHours(1),
    audience: { tags: ['nats'] },
  });
  const statistics = await until('it is sent', async () => {
    const { body } = await nats.request('ems.statistics.mailing', { id: mailing.id });
    return body.byStatus.sent === 1 && body;
  });
  expect(statistics).toMatchObject({ mailingId: mailing.id, total: 1 });

  const { body: page } = await nats.request('ems.messages.list', { mailingId: mailing.id, status: 'sent' });
  expect(page).toMatchObject({ items: [{ clientId: client.id, status: 'sent' }], nextCursor: null });
  const { body: message } = await nats.request('ems.messages.get', { id: page.items[0].id });
  expect(message).toMatchObject({ id: page.items[0].id, mailingId: mailing.id, attemptLog: [] });
  const { body: ofClient } = await nats.request('ems.messages.list', { clientId: client.id });
  expect(ofClient.items).toHaveLength(1);

  const { body: all } = await nats.request('ems.statistics.get', { limit: 1 });
  expect(all.mailings.items).toHaveLength(1);
  expect(all.byStatus.sent).toBeGreaterThanOrEqual(1);
});

test('answers have the same body as REST', async () => {
  const client = await aClient();
  const mailing = await aMailing();
  const calls: [string, object, string][] = [
    ['ems.clients.get', { id: client.id }, `/v1/clients/${client.id}`],
    ['ems.clients.list', { phone: client.phone }, `/v1/clients?phone=${client.phone}`],
    ['ems.mailings.get', { id: mailing.id }, `/v1/mailings/${mailing.id}`],
    ['ems.mailings.list', { status: 'scheduled', limit: 2 }, '/v1/mailings?status=scheduled&limit=2'],
    ['ems.statistics.mailing', { id: mailing.id }, `/v1/mailings/${mailing.id}/statistics`],
  ];
  for (const [subject, payload, path] of calls) {
    expect((await nats.request(subject, payload)).body, subject).toEqual((await world.rest.get(path)).body);
  }
});

test('clients are changed and deleted', async () => {
  const { id } = await aClient();
  const changed = await nats.request('ems.clients.update', { id, tags: ['vip'] });
  expect(changed.body).toMatchObject({ id, tags: ['vip'] });
  const deleted = await nats.request('ems.clients.delete', { id });
  expect(deleted).toEqual({ body: {}, errorCode: undefined });
  expect((await nats.request('ems.clients.get', { id })).body).toMatchObject({ status: 404 });
});

test('mailings are changed, paused, resumed, cancelled and deleted', async () => {
  const { id } = await aMailing();
  expect((await nats.request('ems.mailings.update', { id, priority: 5 })).body).toMatchObject({
    priority: 5,
  });
  expect((await nats.request('ems.mailings.pause', { id })).body).toMatchObject({
    status: 'paused',
    inFlight: 0,
    unconfirmedDispatchers: [],
  });
  expect((await nats.request('ems.mailings.resume', { id })).body).toMatchObject({ status: 'scheduled' });
  expect((await nats.request('ems.mailings.cancel', { id })).body).toMatchObject({ status: 'cancelled' });
  expect((await nats.request('ems.mailings.delete', { id })).body).toEqual({});
  expect((await nats.request('ems.mailings.get', { id })).body).toMatchObject({ status: 404 });
});

describe('what is wrong is told as a problem', () => {
  test('broken JSON', async () => {
    const { body, errorCode } = await nats.send('ems.clients.create', '{"phone": ');
    expect(errorCode).toBe('400');
    expect(body).toMatchObject({
      type: 'urn:event-message-service:problem:invalid-input',
      status: 400,
      errors: [{ path: '', message: expect.stringContaining('not valid JSON') }],
      instance: 'ems.clients.create',
    });
  });

  test.each([
    ['ems.clients.get', 'ems.clients.update', 'ems.clients.delete'],
    ['ems.mailings.get', 'ems.mailings.pause', 'ems.mailings.cancel'],
    ['ems.messages.get', 'ems.statistics.mailing', 'ems.mailings.delete'],
  ])('an unknown id: %s, %s, %s', async (...subjects) => {
    for (const subject of subjects) {
      const { body, errorCode } = await nats.request(subject, { id: 4_000_000_000 });
      expect(errorCode, subject).toBe('404');
      expect(body, subject).toMatchObject({ status: 404, detail: expect.stringContaining('4000000000') });
    }
  });

  test.each([
    ['ems.clients.create', { phone: '+79005999999', timezone: 'Europe/Moscow', nick: 'x' }, 'nick'],
    ['ems.clients.create', { phone: 'none', timezone: 'Europe/Moscow' }, 'phone'],
    ['ems.clients.create', { phone: '+79005999999', timezone: 'Mars/Base' }, 'timezone'],
    ['ems.clients.get', {}, 'id'],
    ['ems.clients.get', { id: '7' }, 'id'],
    ['ems.clients.get', { id: 7, verbose: true }, 'verbose'],
    ['ems.clients.update', { tags: [] }, 'id'],
    ['ems.clients.update', { id: 1, tags: [7] }, 'tags[0]'],
    ['ems.clients.list', { limit: 0 }, 'limit'],
    ['ems.clients.list', { limit: '3' }, 'limit'],
    ['ems.mailings.list', { limit: '3' }, 'limit'],
    ['ems.providers.list', { limit: '3' }, 'limit'],
    ['ems.statistics.get', { limit: '3' }, 'limit'],
    ['ems.mailings.create', { text: '', startAt: inHours(1), endAt: inHours(2) }, 'text'],
    ['ems.mailings.list', { status: 'gone' }, 'status'],
    ['ems.messages.list', {}, ''],
    ['ems.messages.list', { mailingId: 1, clientId: 1 }, ''],
    ['ems.messages.list', { mailingId: 0 }, 'mailingId'],
    ['ems.messages.list', { mailingId: '1' }, 'mailingId'],
    ['ems.messages.list', { clientId: '1' }, 'clientId'],
    ['ems.messages.list', { mailingId: 1, cursor: 'x' }, 'cursor'],
    ['ems.statistics.get', { page: 2 }, 'page'],
  ])('%s %j names %j', async (subject, payload, path) => {
    const { body, errorCode } = await nats.request(subject, payload);
    expect(errorCode).toBe('400');
    expect(body.status).toBe(400);
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  test('a conflict', async () => {
    const { phone } = await aClient();
    const { body, errorCode } = await nats.request('ems.clients.create', {
      phone,
      timezone: 'Europe/Moscow',
    });
    expect(errorCode).toBe('409');
    expect(body).toMatchObject({ status: 409, errors: [{ path: 'phone' }] });
  });

  test('a subject that does not exist', async () => {
    const { body, errorCode } = await nats.request('ems.mailings.explode', { id: 1 });
    expect(errorCode).toBe('404');
    expect(body).toMatchObject({ status: 404, instance: 'ems.mailings.explode' });
  });
});

test('the lines of a request carry its id and the ids it is about', async () => {
  const { id } = await aMailing();
  await nats.request('ems.mailings.get', { id }, 'from-a-caller-17');
  const line = await until('the line is written', () =>
    world.api.output.split('\n').find((one) => one.includes('from-a-caller-17')),
  );
  expect(JSON.parse(line)).toMatchObject({
    level: 'info',
    app: 'api',
    requestId: 'from-a-caller-17',
    mailingId: id,
    subject: 'ems.mailings.get',
    code: 200,
  });
  expect(world.api.output).toContain(`"mailingId":${id},"subject":"ems.mailings.create"`);
});
