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
});
afterAll(() => api.end());

async function aRunningMailing(): Promise<number> {
  const { body } = await api.post('/v1/mailings', aMailing());
  await api.query(`UPDATE mailings SET status = 'running', started_at = now() WHERE id = $1`, [body.id]);
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

describe('confirmation', () => {
  const stopping = [
    { verb: 'pause', change: 'paused' },
    { verb: 'cancel', change: 'cancelled' },
  ];

  test.each(stopping)(
    '$verb waits for every dispatcher and adds up what is in flight',
    async ({ verb, change }) => {
      const [one, two] = [await confirming(3), await confirming(4)];
      const id = await aRunningMailing();

      const { body } = await api.post(`/v1/mailings/${id}/${verb}`);

      expect(body).toMatchObject({ inFlight: 7, unconfirmedDispatchers: [] });
      const expected = { mailingId: id, version: await versionOf(id), change };
      expect(one.heard.at(-1)).toEqual(expected);
      expect(two.heard.at(-1)).toEqual(expected);
    },
  );

  test('an earlier end of a running one is confirmed like a pause', async () => {
    const dispatcher = await confirming(2);
    const id = await aRunningMailing();

    const { body } = await api.patch(`/v1/mailings/${id}`, { endAt: inHours(30) });

    expect(body).toMatchObject({ inFlight: 2, unconfirmedDispatchers: [] });
    expect(dispatcher.heard.at(-1)).toEqual({
      mailingId: id,
      version: await versionOf(id),
      change: 'rescheduled',
    });
  });

  test('names one whose heartbeat is old while it may still send under a lease of this mailing', async () => {
    const cutOff = await silent('12 seconds');
    const id = await aRunningMailing();
    const lease = (until: string) =>
      api.query(
        `INSERT INTO batches (mailing_id, provider_id, state, size, due_at, owner, fence, lease_until)
         VALUES ($1, 1, 'leased', 1, ems_now(), $2, 1, ems_now() + $3::interval)`,
        [id, cutOff.id, until],
      );
    await lease('-1 second');
    expect((await api.post(`/v1/mailings/${id}/pause`)).body.unconfirmedDispatchers).toEqual([]);
    await lease('18 seconds');

    expect((await api.post(`/v1/mailings/${id}/pause`)).body.unconfirmedDispatchers).toEqual([cutOff.id]);
  });

  test('names a dispatcher that stays silent, after three seconds', async () => {
    await confirming(5);
    const quiet = await silent();
    const id = await aRunningMailing();

    const began = performance.now();
    const { status, body } = await api.post(`/v1/mailings/${id}/pause`);

    expect([status, body.status, body.inFlight]).toEqual([200, 'paused', 5]);
    expect(body.unconfirmedDispatchers).toEqual([quiet.id]);
    expect(performance.now() - began).toBeGreaterThan(2_900);
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  test('asks again when asked again', async () => {
    const quiet = await silent();
    const id = await aRunningMailing();
    expect((await api.post(`/v1/mailings/${id}/pause`)).body.unconfirmedDispatchers).toEqual([quiet.id]);

    await quiet.confirmByRow(id, await versionOf(id), 1);

    expect((await api.post(`/v1/mailings/${id}/pause`)).body).toMatchObject({
      inFlight: 1,
      unconfirmedDispatchers: [],
    });
  });

  test('tells what is in flight now, not what was when it was asked before', async () => {
    const dispatcher = await confirming(0);
    const id = await aRunningMailing();
    await api.post(`/v1/mailings/${id}/pause`);
    await dispatcher.confirmByRow(id, await versionOf(id), 16);

    expect((await api.post(`/v1/mailings/${id}/pause`)).body).toMatchObject({
      inFlight: 0,
      unconfirmedDispatchers: [],
    });
  });

  test('takes the row of a dispatcher that NATS does not reach', async () => {
    await confirming(1);
    const unreached = await silent();
    const id = await aRunningMailing();

    const began = performance.now();
    const pausing = api.post(`/v1/mailings/${id}/pause`);
    await until('it is paused', async () => (await versionOf(id)) > 0);
    await unreached.confirmByRow(id, await versionOf(id), 6);

    expect((await pausing).body).toMatchObject({ inFlight: 7, unconfirmedDispatchers: [] });
    expect(performance.now() - began).toBeLessThan(2_500);
  });

  test('does not take a confirmation of an earlier change', async () => {
    const dispatcher = await confirming(9, ({ version }) => ({ version: version - 1 }));
    const id = await aRunningMailing();
    await dispatcher.confirmByRow(id, 0, 9);

    const { body } = await api.post(`/v1/mailings/${id}/pause`);

    expect(body).toMatchObject({ inFlight: 0, unconfirmedDispatchers: [dispatcher.id] });
  });

  test('does not wait for a dispatcher that is dead, nor for one that leaves', async () => {
    await silent('11 seconds');
    const leaving = await silent();
    const id = await aRunningMailing();

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

  test('tell of a new mailing whether it starts later, also of the change that lets it start now', async () => {
    const dispatcher = await confirming(0);
    const { body } = await api.post('/v1/mailings', aMailing({ startAt: inHours(1) }));
    await api.patch(`/v1/mailings/${body.id}`, { startAt: inHours(-1) });
    await api.post('/v1/mailings', aMailing({ startAt: inHours(-1) }));

    await until('all are heard', () => dispatcher.heard.length === 3);
    const told = dispatcher.heard.map(({ change, startsLater = false }) => [change, startsLater]);
    expect(told).toEqual([
      ['created', true],
      ['rescheduled', false],
      ['created', false],
    ]);
  });
});
