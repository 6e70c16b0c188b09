import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AnsweringDispatcher } from '../../support/answering-dispatcher.js';
import { aMailing, inHours, TestApi } from '../../support/api.js';
import { until } from '../../support/until.js';

let api: TestApi;
const dispatchers: AnsweringDispatcher[] = [];

beforeAll(async () => {
  api = await TestApi.start();
});
afterEach(async () => {
  for (const dispatcher of dispatchers.splice(0)) await dispatcher.leave();
  await api.query('TRUNCATE dispatchers, control_confirmations, mailings');
  await api.query(`UPDATE clock_offset SET by_interval = '0'`);
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

async function confirming(
  inFlight: number,
  ...rest: [Parameters<typeof AnsweringDispatcher.confirming>[2]?]
) {
  const dispatcher = await AnsweringDispatcher.confirming(api, inFlight, ...rest);
  dispatchers.push(dispatcher);
  return dispatcher;
}

async function silent(heartbeatAgo?: string) {
  const dispatcher = await AnsweringDispatcher.silent(api, heartbeatAgo);
  dispatchers.push(dispatcher);
  return dispatcher;
}

async function versionOf(id: number): Promise<number> {
  const [row] = await api.query('SELECT control_version AS version FROM mailings WHERE id = $1', [id]);
  return row?.version as number;
}

describe('the status machine', () => {
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
});

describe('confirmation', () => {
  const stopping = [
    { verb: 'pause', change: 'paused' },
    { verb: 'cancel', change: 'cancelled' },
  ];

  test.each(stopping)(
    '$verb waits for every dispatcher and adds up what is in flight',
    async ({ verb, change }) => {
      const [one, two] = [await confirming(3), await confirming(4)];
      const id = await aMailingThatIs('running');

      const { body } = await api.post(`/v1/mailings/${id}/${verb}`);

      expect(body).toMatchObject({ inFlight: 7, unconfirmedDispatchers: [] });
      const expected = { mailingId: id, version: await versionOf(id), change };
      expect(one.heard.at(-1)).toEqual(expected);
      expect(two.heard.at(-1)).toEqual(expected);
    },
  );

  test('an earlier end of a running one is confirmed like a pause', async () => {
    const dispatcher = await confirming(2);
    const id = await aMailingThatIs('running');

    const { body } = await api.patch(`/v1/mailings/${id}`, { endAt: inHours(30) });

    expect(body).toMatchObject({ inFlight: 2, unconfirmedDispatchers: [] });
    expect(dispatcher.heard.at(-1)).toEqual({
      mailingId: id,
      version: await versionOf(id),
      change: 'rescheduled',
    });
  });

  test('names a dispatcher that stays silent, after three seconds', async () => {
    await confirming(5);
    const quiet = await silent();
    const id = await aMailingThatIs('running');

    const began = performance.now();
    const { status, body } = await api.post(`/v1/mailings/${id}/pause`);

    expect([status, body.status, body.inFlight]).toEqual([200, 'paused', 5]);
    expect(body.unconfirmedDispatchers).toEqual([quiet.id]);
    expect(performance.now() - began).toBeGreaterThan(2_900);
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  test('asks again when asked again', async () => {
    const quiet = await silent();
    const id = await aMailingThatIs('running');
    expect((await api.post(`/v1/mailings/${id}/pause`)).body.unconfirmedDispatchers).toEqual([quiet.id]);

    await quiet.confirmByRow(id, await versionOf(id), 1);

    expect((await api.post(`/v1/mailings/${id}/pause`)).body).toMatchObject({
      inFlight: 1,
      unconfirmedDispatchers: [],
    });
  });

  test('takes the row of a dispatcher that NATS does not reach', async () => {
    await confirming(1);
    const unreached = await silent();
    const id = await aMailingThatIs('running');

    const began = performance.now();
    const pausing = api.post(`/v1/mailings/${id}/pause`);
    await until('it is paused', async () => (await versionOf(id)) > 0);
    await unreached.confirmByRow(id, await versionOf(id), 6);

    expect((await pausing).body).toMatchObject({ inFlight: 7, unconfirmedDispatchers: [] });
    expect(performance.now() - began).toBeLessThan(2_500);
  });

  test('does not take a confirmation of an earlier change', async () => {
    const dispatcher = await confirming(9, ({ version }) => ({ version: version - 1 }));
    const id = await aMailingThatIs('running');
    await dispatcher.confirmByRow(id, 0, 9);

    const { body } = await api.post(`/v1/mailings/${id}/pause`);

    expect(body).toMatchObject({ inFlight: 0, unconfirmedDispatchers: [dispatcher.id] });
  });

  test('does not wait for a dispatcher that is dead, nor for one that leaves', async () => {
    await silent('11 seconds');
    const leaving = await silent();
    const id = await aMailingThatIs('running');

    const began = performance.now();
    const pausing = api.post(`/v1/mailings/${id}/pause`);
    await until('it is paused', async () => (await versionOf(id)) > 0);
    await leaving.leave();

    expect((await pausing).body).toMatchObject({ inFlight: 0, unconfirmedDispatchers: [] });
    expect(performance.now() - began).toBeLessThan(2_500);
  });
});

describe('hints', () => {
  test('every change is announced, so that dispatchers need not find it by themselves', async () => {
    const dispatcher = await confirming(0);
    const { body } = await api.post('/v1/mailings', aMailing());
    await api.patch(`/v1/mailings/${body.id}`, { endAt: inHours(90) });
    await api.post(`/v1/mailings/${body.id}/pause`);
    await api.post(`/v1/mailings/${body.id}/resume`);
    await api.post(`/v1/mailings/${body.id}/cancel`);

    const changes = ['created', 'rescheduled', 'paused', 'resumed', 'cancelled'];
    await until('all are heard', () => dispatcher.heard.length === changes.length);
    expect(dispatcher.heard.map(({ change }) => change)).toEqual(changes);
    expect(dispatcher.heard.map(({ mailingId }) => mailingId)).toEqual(changes.map(() => body.id));
    const versions = dispatcher.heard.map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((one, other) => one - other));
    expect(new Set(versions).size).toBe(changes.length);
  });
});
