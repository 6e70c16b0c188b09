import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { aMailing, inHours, TestApi } from '../../support/api.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.end());

const statuses = ['scheduled', 'running', 'paused', 'paused before its start', 'completed', 'cancelled'];

async function aMailingThatIs(status: string, given: Record<string, unknown> = {}): Promise<number> {
  const { body } = await api.post('/v1/mailings', aMailing(given));
  const hasStarted = !['scheduled', 'paused before its start'].includes(status);
  await api.query('UPDATE mailings SET status = $2::mailing_status, started_at = $3 WHERE id = $1', [
    body.id,
    status.split(' ')[0],
    hasStarted ? inHours(0) : null,
  ]);
  return body.id;
}

async function versionOf(id: number): Promise<number> {
  const [row] = await api.query('SELECT control_version AS version FROM mailings WHERE id = $1', [id]);
  return row?.version as number;
}

const goes: Record<string, Record<string, string | 409>> = {
  pause: {
    scheduled: 'paused',
    running: 'paused',
    paused: 'paused',
    'paused before its start': 'paused',
    completed: 409,
    cancelled: 409,
  },
  resume: {
    scheduled: 'scheduled',
    running: 'running',
    paused: 'running',
    'paused before its start': 'scheduled',
    completed: 409,
    cancelled: 409,
  },
  cancel: {
    scheduled: 'cancelled',
    running: 'cancelled',
    paused: 'cancelled',
    'paused before its start': 'cancelled',
    completed: 409,
    cancelled: 'cancelled',
  },
};
const cases = Object.entries(goes).flatMap(([verb, ends]) =>
  statuses.map((status) => ({ verb, status, end: ends[status] })),
);

test.each(cases)('$verb takes a $status one to $end', async ({ verb, status, end }) => {
  const id = await aMailingThatIs(status);

  const answer = await api.post(`/v1/mailings/${id}/${verb}`);

  const { body: mailing } = await api.get(`/v1/mailings/${id}`);
  if (end === 409) {
    expect([answer.status, answer.body.detail]).toEqual([409, expect.stringContaining(status)]);
    expect(mailing.status).toBe(status);
  } else {
    expect([answer.status, answer.body.status, mailing.status]).toEqual([200, end, end]);
  }
});

test.each(['pause', 'resume', 'cancel'])('%s is done once, however often it is asked for', async (verb) => {
  const id = await aMailingThatIs(verb === 'resume' ? 'paused' : 'running');
  const first = await api.post(`/v1/mailings/${id}/${verb}`);
  const version = await versionOf(id);

  const again = await api.post(`/v1/mailings/${id}/${verb}`);

  expect([again.status, again.body]).toEqual([200, first.body]);
  expect(await versionOf(id)).toBe(version);
});

test('what was cancelled before its start has nothing left to finish', async () => {
  const early = await aMailingThatIs('scheduled');
  const late = await aMailingThatIs('running');
  expect((await api.post(`/v1/mailings/${early}/cancel`)).body.finishedAt).toEqual(expect.any(String));
  expect((await api.post(`/v1/mailings/${late}/cancel`)).body.finishedAt).toBeNull();
});

test('resume after the end is a conflict that says so', async () => {
  const id = await aMailingThatIs('paused', { startAt: inHours(-1), endAt: inHours(1) });
  await api.query(`UPDATE clock_offset SET by_interval = '2 hours'`);
  onTestFinished(async () => {
    await api.query(`UPDATE clock_offset SET by_interval = '0'`);
  });

  const { status, body } = await api.post(`/v1/mailings/${id}/resume`);

  expect([status, body.detail]).toEqual([409, expect.stringContaining('has passed')]);
});

test('takes a body announced as JSON that is empty', async () => {
  const id = await aMailingThatIs('running');
  const answer = await api.post(`/v1/mailings/${id}/pause`, undefined, {
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(200);
});
