import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requestReply } from '../../../apps/api/nats/request-reply.js';
import { aMailing, TestApi } from '../../support/api.js';
import { NatsClient } from '../../support/nats-client.js';
import { until } from '../../support/until.js';

let api: TestApi;
let nats: NatsClient;

beforeAll(async () => {
  api = await TestApi.start();
  api.app.connectMicroservice(requestReply(api.app));
  await api.app.startAllMicroservices();
  nats = await NatsClient.connect(api.natsUrl);
  await until(
    'requests are answered',
    async () => (await nats.request('ems.statistics.get')).body.total === 0,
  );
});
beforeEach(() => api.query('TRUNCATE clients, mailings, batches, messages, attempts, mailing_counters'));
afterAll(async () => {
  await nats?.close();
  await api?.end();
});

interface Given {
  status?: 'running' | 'paused' | 'completed' | 'cancelled';
  hasEnded?: boolean;
  unknown?: number;
  sent?: number;
}

/** A started mailing with messages, those that are unknown before those that are sent. */
async function aMailingWith({ status = 'running', hasEnded = false, unknown = 1, sent = 0 }: Given = {}) {
  const { body } = await api.post('/v1/mailings', aMailing());
  await api.query(
    `UPDATE mailings SET status = $2::text::mailing_status, started_at = now(), planned_at = now(), start_at = now() - interval '2 hours',
       end_at = now() + $3::interval, finished_at = CASE WHEN $2::text IN ('completed', 'cancelled') THEN now() END
     WHERE id = $1`,
    [body.id, status, hasEnded ? '-1 hour' : '1 hour'],
  );
  const [batch] = await api.query<{ id: number }>(
    `INSERT INTO batches (mailing_id, provider_id, state, size, due_at) VALUES ($1, 1, 'done', 500, now())
     RETURNING id`,
    [body.id],
  );
  const clients = await api.query<{ id: number }>(
    `INSERT INTO clients (phone, timezone) SELECT 70000000000 + nextval('clients_id_seq'), 'UTC'
     FROM generate_series(1, $1) RETURNING id`,
    [unknown + sent],
  );
  const messages = await api.query<{ id: number }>(
    `INSERT INTO messages (mailing_id, client_id, batch_id, phone, status, attempts, in_doubt_since, last_error)
     SELECT $1, c, $2, 70000000000 + c, CASE WHEN nth <= $3::int THEN 'unknown' ELSE 'sent' END::message_status, 1,
       now(), 'no answer'
     FROM unnest($4::bigint[]) WITH ORDINALITY AS recipient (c, nth) RETURNING id`,
    [body.id, batch?.id, unknown, clients.map(({ id }) => id)],
  );
  await api.query(`INSERT INTO mailing_counters (mailing_id, shard, unknown, sent) VALUES ($1, 0, $2, $3)`, [
    body.id,
    unknown,
    sent,
  ]);
  return { mailing: body.id as number, messages: messages.map(({ id }) => id) };
}

async function statusesOf(mailing: number): Promise<Record<string, number>> {
  const { body } = await api.get(`/v1/mailings/${mailing}/statistics`);
  return Object.fromEntries(Object.entries<number>(body.byStatus).filter(([, count]) => count > 0));
}

describe('one message', () => {
  test('is resolved as sent', async () => {
    const { mailing, messages } = await aMailingWith();
    const { status, body } = await api.post(`/v1/messages/${messages[0]}/resolve`, { as: 'sent' });

    expect(status).toBe(200);
    expect(body).toMatchObject({ id: messages[0], status: 'sent', attempts: 2, lastError: null });
    expect(body.sentAt).not.toBeNull();
    expect(body.attemptLog).toEqual([
      {
        number: 2,
        at: expect.any(String),
        outcome: 'resolved',
        httpStatus: null,
        error: 'as sent',
        latencyMs: null,
        dispatcher: null,
      },
    ]);
    expect(await statusesOf(mailing)).toEqual({ sent: 1 });
  });

  test('is resolved as failed over NATS', async () => {
    const { mailing, messages } = await aMailingWith();
    const { body } = await nats.request('ems.messages.resolve', { id: messages[0], as: 'failed' });

    expect(body).toMatchObject({ status: 'failed', lastError: 'no answer', nextAttemptAt: null });
    expect(await statusesOf(mailing)).toEqual({ failed: 1 });
  });

  test.for(['running', 'paused', 'completed'] as const)(
    'is to be sent again while its mailing is %s',
    async (status) => {
      const { mailing, messages } = await aMailingWith({ status });
      const { body } = await api.post(`/v1/messages/${messages[0]}/resolve`, { as: 'resend' });

      expect(body).toMatchObject({ status: 'pending', nextAttemptAt: expect.any(String) });
      expect((await api.get(`/v1/mailings/${mailing}`)).body).toMatchObject({
        status: status === 'completed' ? 'running' : status,
        finishedAt: null,
      });
      expect(await statusesOf(mailing)).toEqual({ pending: 1 });
    },
  );

  test.for([
    {
      given: { status: 'cancelled' },
      why: 'The mailing is cancelled, so its messages cannot be sent again.',
    },
    {
      given: { status: 'completed', hasEnded: true },
      why: /^The end of the mailing, .+Z, has passed, so its messages cannot be sent again\.$/,
    },
    {
      given: { hasEnded: true },
      why: /^The end of the mailing, .+Z, has passed, so its messages cannot be sent again\.$/,
    },
  ] as const)('is not to be sent again when $why', async ({ given, why }) => {
    const { messages } = await aMailingWith(given);
    const before = await api.snapshot();
    const { status, body } = await api.post(`/v1/messages/${messages[0]}/resolve`, { as: 'resend' });

    expect([status, body.detail]).toEqual([409, expect.stringMatching(why)]);
    expect(await api.snapshot()).toEqual(before);
    const { body: failed } = await api.post(`/v1/messages/${messages[0]}/resolve`, { as: 'failed' });
    expect(failed.status, 'but may be given up').toBe('failed');
  });

  test('is not to be sent again when its client was deleted', async () => {
    const { mailing, messages } = await aMailingWith({ unknown: 2 });
    const { body: message } = await api.get(`/v1/messages/${messages[0]}`);
    await api.delete(`/v1/clients/${message.clientId}`);
    const { status, body } = await api.post(`/v1/messages/${messages[0]}/resolve`, { as: 'resend' });
    expect([status, body.detail]).toEqual([
      409,
      'The client was deleted, so the message cannot be sent again.',
    ]);

    const all = await api.post(`/v1/mailings/${mailing}/resolve`, { as: 'resend' });
    expect(all.body).toMatchObject({ resolved: 1, nextCursor: null });
    expect(await statusesOf(mailing)).toEqual({ pending: 1, unknown: 1 });
    expect((await api.post(`/v1/messages/${messages[0]}/resolve`, { as: 'failed' })).status).toBe(200);
  });

  test('that is not unknown is a conflict that says what it is', async () => {
    const { messages } = await aMailingWith({ unknown: 0, sent: 1 });
    const before = await api.snapshot();
    for (const as of ['sent', 'resend', 'failed']) {
      const { status, body } = await api.post(`/v1/messages/${messages[0]}/resolve`, { as });
      expect([status, body.detail]).toEqual([
        409,
        'The message is sent: only a message with the status unknown can be resolved.',
      ]);
    }
    expect(await api.snapshot()).toEqual(before);
  });

  test('that is not there, or whose mailing was deleted, is not found', async () => {
    const { mailing, messages } = await aMailingWith({ status: 'completed' });
    await api.delete(`/v1/mailings/${mailing}`);
    for (const id of [messages[0], 999_999]) {
      expect((await api.post(`/v1/messages/${id}/resolve`, { as: 'sent' })).status).toBe(404);
    }
    expect((await api.post(`/v1/mailings/${mailing}/resolve`, { as: 'sent' })).status).toBe(404);
  });

  test.for([{}, { as: 'lost' }, { as: null }, { as: 'sent', by: 'me' }])(
    'is not resolved by %o',
    async (body) => {
      const { messages } = await aMailingWith();
      const before = await api.snapshot();
      expect((await api.post(`/v1/messages/${messages[0]}/resolve`, body)).status).toBe(400);
      const reply = await nats.request('ems.messages.resolve', { id: messages[0], ...body });
      expect(reply.errorCode).toBe('400');
      expect(await api.snapshot()).toEqual(before);
    },
  );
});

describe('all messages of a mailing', () => {
  test('that are unknown are resolved, and no others', async () => {
    const { mailing } = await aMailingWith({ unknown: 5, sent: 3 });
    const { mailing: other } = await aMailingWith({ unknown: 2 });
    const { status, body } = await api.post(`/v1/mailings/${mailing}/resolve`, { as: 'resend' });

    expect(status).toBe(200);
    expect(body).toEqual({ mailingId: mailing, as: 'resend', resolved: 5, nextCursor: null });
    expect(await statusesOf(mailing)).toEqual({ pending: 5, sent: 3 });
    expect(await statusesOf(other)).toEqual({ unknown: 2 });
    expect((await api.post(`/v1/mailings/${mailing}/resolve`, { as: 'resend' })).body.resolved).toBe(0);
  });

  test('are resolved page by page, however many, over NATS as well', async () => {
    const { mailing } = await aMailingWith({ unknown: 2_300, sent: 100 });
    const { body } = await nats.request('ems.mailings.resolve', { id: mailing, as: 'failed' });

    expect(body).toEqual({ mailingId: mailing, as: 'failed', resolved: 2_300, nextCursor: null });
    expect(await statusesOf(mailing)).toEqual({ failed: 2_300, sent: 100 });
  });

  test('that is cancelled or over are not sent again, and may be none', async () => {
    for (const given of [
      { status: 'cancelled' },
      { hasEnded: true },
      { hasEnded: true, unknown: 0 },
    ] as const) {
      const { mailing } = await aMailingWith(given);
      const { status } = await api.post(`/v1/mailings/${mailing}/resolve`, { as: 'resend' });
      expect(status).toBe(409);
    }
  });

  test("are not looked for from another list's cursor", async () => {
    const { mailing } = await aMailingWith();
    const { body: page } = await api.get(`/v1/mailings/${mailing}/messages?limit=1&status=unknown`);
    const cursor = page.nextCursor ?? Buffer.from('messages:1').toString('base64url');
    const { status, body } = await api.post(`/v1/mailings/${mailing}/resolve`, { as: 'sent', cursor });
    expect([status, body.errors[0].path]).toEqual([400, 'cursor']);
  });
});

describe('onAmbiguous', () => {
  test('is resend unless it is said, and can be changed before the start only', async () => {
    const { body: first } = await api.post('/v1/mailings', aMailing());
    expect(first.onAmbiguous).toBe('resend');
    const { body } = await api.post('/v1/mailings', aMailing({ onAmbiguous: 'hold' }));
    expect(body.onAmbiguous).toBe('hold');
    const { body: changed } = await api.patch(`/v1/mailings/${first.id}`, { onAmbiguous: 'hold' });
    expect(changed.onAmbiguous).toBe('hold');

    await api.query(`UPDATE mailings SET status = 'running', started_at = now() WHERE id = $1`, [first.id]);
    const refused = await api.patch(`/v1/mailings/${first.id}`, { onAmbiguous: 'resend' });
    expect([refused.status, refused.body.errors[0].path]).toEqual([409, 'onAmbiguous']);
    expect((await api.get(`/v1/mailings/${first.id}`)).body.onAmbiguous).toBe('hold');
    expect((await api.get('/v1/mailings')).body.items.map((item: typeof body) => item.onAmbiguous)).toEqual([
      'hold',
      'hold',
    ]);
  });

  test.for(['RESEND', 'drop', null, 1, ''])('is not %o', async (onAmbiguous) => {
    const { status, body } = await api.post('/v1/mailings', aMailing({ onAmbiguous }));
    expect([status, body.errors?.[0]?.path]).toEqual([400, 'onAmbiguous']);
  });
});
