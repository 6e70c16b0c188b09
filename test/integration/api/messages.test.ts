import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { messageStatuses } from '#libs/queue/transitions';
import { aClient, aMailing, type Answer, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
beforeEach(() => api.query('TRUNCATE clients, mailings, batches, messages, attempts'));
afterAll(() => api.end());

async function aStartedMailing(): Promise<number> {
  const { body } = await api.post('/v1/mailings', aMailing());
  await api.query(`UPDATE mailings SET status = 'running', started_at = now() WHERE id = $1`, [body.id]);
  return body.id;
}

/** Messages for the clients from `first` to `last`, each in the status that the SQL expression over c says. */
async function messages(mailing: number, first: number, last: number, status: string): Promise<void> {
  await api.query(
    `INSERT INTO messages (mailing_id, client_id, batch_id, phone, status)
     SELECT $1, c, 0, 70000000000 + c, (${status})::message_status FROM generate_series($2::int, $3::int) AS c`,
    [mailing, first, last],
  );
}

interface Item {
  clientId: number;
  mailingId: number;
  status: string;
}

/** Every page of a list, asked for one after the other. */
async function allPages(path: string): Promise<Answer['body'][]> {
  const pages: Answer['body'][] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const suffix: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await api.get(`${path}${suffix}`);
    pages.push(body);
    cursor = body.nextCursor;
  }
  return pages;
}

const clientsOf = (pages: { items: Item[] }[]) =>
  pages.flatMap(({ items }) => items.map((item) => item.clientId));

describe('of a mailing', () => {
  test('come by client, a page at a time', async () => {
    const mailing = await aStartedMailing();
    await messages(mailing, 1, 7, `'sent'`);
    await messages(await aStartedMailing(), 1, 3, `'sent'`);

    const pages = await allPages(`/v1/mailings/${mailing}/messages?limit=3`);

    expect(pages.map(({ items }) => items.length)).toEqual([3, 3, 1]);
    expect(clientsOf(pages)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test.each(messageStatuses)('can be asked for by the status %s', async (status) => {
    const mailing = await aStartedMailing();
    await messages(mailing, 1, 16, `('{${messageStatuses.join(',')}}'::text[])[1 + c % 8]`);

    const [page] = await allPages(`/v1/mailings/${mailing}/messages?status=${status}`);

    expect(page.items).toHaveLength(2);
    expect(page.items.every((item: Item) => item.status === status)).toBe(true);
  });

  test('in a rare status are found over pages that each look at a limited number', async () => {
    const mailing = await aStartedMailing();
    await messages(
      mailing,
      1,
      65_000,
      `CASE WHEN c IN (5, 19999, 20000, 20001, 64999) THEN 'failed' ELSE 'sent' END`,
    );

    const pages = await allPages(`/v1/mailings/${mailing}/messages?status=failed&limit=2`);

    expect(clientsOf(pages)).toEqual([5, 19_999, 20_000, 20_001, 64_999]);
    expect(pages.map(({ items }) => items.length)).toEqual([2, 2, 0, 1]);
    expect(
      (await allPages(`/v1/mailings/${mailing}/messages?status=expired`)).map(({ items }) => items),
    ).toEqual([[], [], [], []]);
  });

  test('come exactly to the end of what is looked at', async () => {
    const mailing = await aStartedMailing();
    await messages(mailing, 1, 20_000, `CASE c WHEN 20000 THEN 'failed' ELSE 'sent' END`);
    const pages = await allPages(`/v1/mailings/${mailing}/messages?status=failed`);
    expect(clientsOf(pages)).toEqual([20_000]);
  });
});

describe('of a client', () => {
  test('come with the newest mailing first, without those of deleted mailings', async () => {
    const { body: client } = await api.post('/v1/clients', aClient());
    const mailings: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      mailings.unshift(await aStartedMailing());
      await messages(mailings[0]!, client.id - 1, client.id + 1, `'sent'`);
    }
    await api.query('UPDATE mailings SET deleted_at = now() WHERE id = $1', [mailings[1]]);

    const pages = await allPages(`/v1/clients/${client.id}/messages?limit=3`);

    const shown = pages.flatMap(({ items }) => items.map((item: Item) => [item.mailingId, item.clientId]));
    expect(shown).toEqual([0, 2, 3, 4].map((index) => [mailings[index], client.id]));
    expect(pages).toHaveLength(2);
  });

  test('who has none yet are an empty list', async () => {
    const { body: client } = await api.post('/v1/clients', aClient());
    expect((await api.get(`/v1/clients/${client.id}/messages`)).body).toEqual({
      items: [],
      nextCursor: null,
    });
  });
});

describe('one message', () => {
  test('that is pending says when it is due, and what was tried', async () => {
    const mailing = await aStartedMailing();
    const [batch] = await api.query(
      `INSERT INTO batches (mailing_id, provider_id, size, due_at)
       VALUES ($1, 1, 1, '2030-01-01T00:00:00Z') RETURNING id`,
      [mailing],
    );
    const [message] = await api.query(
      `INSERT INTO messages (mailing_id, client_id, batch_id, phone, attempts, last_error, created_at)
       VALUES ($1, 42, $2, 79001234567, 2, 'HTTP 500', '2029-12-31T23:00:00Z') RETURNING id`,
      [mailing, batch?.id],
    );
    await api.query(
      `INSERT INTO attempts (message_id, number, at, outcome, http_status, error, latency_ms, dispatcher) VALUES
       ($1, 2, '2029-12-31T23:30:00Z', 'ambiguous', 500, 'HTTP 500', 41, '4a1c3a52-5f0e-4bfb-8a5e-0a3c7a0a8d0e'),
       ($1, 1, '2029-12-31T23:20:00Z', 'notSent', NULL, 'connect ECONNREFUSED', NULL, NULL)`,
      [message?.id],
    );

    const { status, body } = await api.get(`/v1/messages/${message?.id}`);

    expect(status).toBe(200);
    expect(body).toEqual({
      id: message?.id,
      mailingId: mailing,
      clientId: 42,
      phone: '79001234567',
      status: 'pending',
      attempts: 2,
      createdAt: '2029-12-31T23:00:00.000Z',
      nextAttemptAt: '2030-01-01T00:00:00.000Z',
      sentAt: null,
      lastError: 'HTTP 500',
      attemptLog: [
        {
          number: 1,
          at: '2029-12-31T23:20:00.000Z',
          outcome: 'notSent',
          httpStatus: null,
          error: 'connect ECONNREFUSED',
          latencyMs: null,
          dispatcher: null,
        },
        {
          number: 2,
          at: '2029-12-31T23:30:00.000Z',
          outcome: 'ambiguous',
          httpStatus: 500,
          error: 'HTTP 500',
          latencyMs: 41,
          dispatcher: '4a1c3a52-5f0e-4bfb-8a5e-0a3c7a0a8d0e',
        },
      ],
    });
    await api.query(`UPDATE messages SET status = 'sent', sent_at = '2030-01-01T00:00:01Z' WHERE id = $1`, [
      message?.id,
    ]);
    expect((await api.get(`/v1/messages/${message?.id}`)).body).toMatchObject({
      status: 'sent',
      nextAttemptAt: null,
      sentAt: '2030-01-01T00:00:01.000Z',
    });
  });

  test('that waits because sending is stopped says why, wherever it is shown', async () => {
    const mailing = await aStartedMailing();
    const batch = async (dueIn: string) => {
      const [row] = await api.query(
        `INSERT INTO batches (mailing_id, provider_id, size, due_at)
         VALUES ($1, 1, 1, ems_now() + $2::interval) RETURNING id`,
        [mailing, dueIn],
      );
      return row?.id;
    };
    await api.query(
      `INSERT INTO messages (mailing_id, client_id, batch_id, phone, status, last_error) VALUES
       ($1, 1, $2, 1, 'pending', NULL), ($1, 2, $2, 2, 'pending', 'HTTP 500'), ($1, 3, $2, 3, 'sent', NULL),
       ($1, 4, $3, 4, 'pending', NULL)`,
      [mailing, await batch('-1s'), await batch('1h')],
    );
    const shown = async (path: string) =>
      (await api.get(path)).body.items.map(({ lastError }: { lastError: string | null }) => lastError);
    const stopped = `UPDATE providers SET breaker = 'open', reason = 'unreachable: ECONNREFUSED'`;
    await api.query(stopped);
    try {
      const all = `/v1/mailings/${mailing}/messages`;
      expect(await shown(all)).toEqual(['unreachable: ECONNREFUSED', 'HTTP 500', null, null]);
      expect(await shown(`${all}?status=pending`)).toEqual(['unreachable: ECONNREFUSED', 'HTTP 500', null]);
      const [first] = await api.query('SELECT id FROM messages WHERE client_id = 1');
      expect((await api.get(`/v1/messages/${first?.id}`)).body.lastError).toBe('unreachable: ECONNREFUSED');
    } finally {
      await api.query(`UPDATE providers SET breaker = 'closed', reason = NULL`);
    }
    expect(await shown(`/v1/mailings/${mailing}/messages`)).toEqual([null, 'HTTP 500', null, null]);
  });

  test('of a deleted mailing is not there any more', async () => {
    const mailing = await aStartedMailing();
    await messages(mailing, 1, 1, `'sent'`);
    const [row] = await api.query('SELECT id FROM messages WHERE mailing_id = $1', [mailing]);
    expect((await api.get(`/v1/messages/${row?.id}`)).status).toBe(200);
    await api.query('UPDATE mailings SET deleted_at = now() WHERE id = $1', [mailing]);
    expect((await api.get(`/v1/messages/${row?.id}`)).status).toBe(404);
  });
});
