import { afterAll, beforeAll, expect, test } from 'vitest';
import { mailingStatuses, type MailingStatus } from '#libs/mailings';
import { leasePlan, planPage } from '#libs/queue/plan';
import { finishMailings } from '#libs/queue/recover';
import { aClient, aMailing, TestApi } from '../../support/api.js';
import { textOf } from '../../support/documents.js';
import { arrows, BEGINNING, stateDiagrams } from '../../support/state-diagram.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});

afterAll(() => api?.end());

interface Given {
  status: MailingStatus;
  hasStarted: boolean;
  isPlanned: boolean;
  hasEnded: boolean;
}

/** Every mailing there can be, as far as the change of its status may depend on it. */
const mailings: Given[] = mailingStatuses
  .flatMap((status) =>
    [true, false].flatMap((hasStarted) =>
      [true, false].flatMap((isPlanned) =>
        [true, false].map((hasEnded) => ({ status, hasStarted, isPlanned, hasEnded })),
      ),
    ),
  )
  .filter(
    ({ status, hasStarted, isPlanned }) =>
      (hasStarted || !isPlanned) &&
      (status !== 'scheduled' || !hasStarted) &&
      (status !== 'running' || hasStarted) &&
      (status !== 'completed' || isPlanned),
  );

/** What can happen to a mailing: calls of the API, and the duties of dispatchers that change its status. */
const happenings: Record<string, (id: number) => Promise<unknown>> = {
  pause: (id) => api.post(`/v1/mailings/${id}/pause`),
  resume: (id) => api.post(`/v1/mailings/${id}/resume`),
  cancel: (id) => api.post(`/v1/mailings/${id}/cancel`),
  delete: (id) => api.delete(`/v1/mailings/${id}`),
  change: (id) => api.patch(`/v1/mailings/${id}`, { priority: 7 }),
  planning: async () => {
    const lease = await leasePlan(api.sql, 30_000);
    if (lease) await planPage(api.sql, lease, { size: 10, guardMs: 500, leaseMs: 30_000, shard: 0 });
  },
  finishing: () => finishMailings(api.sql),
  resolving: async (id) => {
    const [batch] = await api.query<{ id: number }>(
      `INSERT INTO batches (mailing_id, provider_id, state, size, due_at) VALUES ($1, 1, 'done', 1, now())
       RETURNING id`,
      [id],
    );
    const { body: client } = await api.post('/v1/clients', aClient());
    const [message] = await api.query<{ id: number }>(
      `INSERT INTO messages (mailing_id, client_id, batch_id, phone, status) VALUES ($1, $2, $3, 79000000000, 'unknown')
       RETURNING id`,
      [id, client.id, batch?.id],
    );
    await api.post(`/v1/messages/${message?.id}/resolve`, { as: 'resend' });
  },
};

async function insert({ status, hasStarted, isPlanned, hasEnded }: Given): Promise<number> {
  const [row] = await api.query<{ id: number }>(
    `INSERT INTO mailings (text, start_at, end_at, status, started_at, planned_at)
     VALUES ('Hello', now() - interval '2 hours', now() + $2::interval, $1,
       CASE WHEN $3 THEN now() END, CASE WHEN $4 THEN now() END)
     RETURNING id`,
    [status, hasEnded ? '-1 hour' : '1 hour', hasStarted, isPlanned],
  );
  return row?.id ?? Number.NaN;
}

async function statusOf(id: number): Promise<string> {
  const [row] = await api.query<{ status: string }>('SELECT status FROM mailings WHERE id = $1', [id]);
  return row?.status ?? 'gone';
}

test('the diagram shows exactly what happens to mailings', async () => {
  const created = await api.post('/v1/mailings', aMailing());
  const changes = [{ from: BEGINNING, to: created.body.status as string }];
  for (const given of mailings) {
    for (const happen of Object.values(happenings)) {
      await api.query('TRUNCATE mailings');
      const id = await insert(given);
      await happen(id);
      const to = await statusOf(id);
      if (to !== given.status) changes.push({ from: given.status, to });
    }
  }

  const [, diagram] = stateDiagrams(textOf('docs/message-lifecycle.md'));
  expect(arrows(changes)).toEqual(arrows(diagram?.transitions ?? []));
});
