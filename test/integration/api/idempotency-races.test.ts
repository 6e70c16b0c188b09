import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { SqlExecutor } from '#libs/database';
import { ControlBus, controlSubjects } from '#libs/nats';
import { AnsweringDispatcher } from '../../support/answering-dispatcher.js';
import { aClient, aMailing, TestApi } from '../../support/api.js';
import { untilWaiting } from '../../support/held-statements.js';
import { again, keyedPost, type KeyedAnswer } from '../../support/keyed-requests.js';
import { until } from '../../support/until.js';

let api: TestApi;
let key: string;

beforeAll(async () => {
  api = await TestApi.start();
});
beforeEach(async () => {
  key = randomUUID();
  await api.query('TRUNCATE clients, mailings, dispatchers, idempotency_keys');
});
afterAll(() => api.end());

const post = (path: string, body?: unknown, under = key): Promise<KeyedAnswer> =>
  keyedPost(api, path, body, under);

async function count(table: string): Promise<number> {
  const [row] = await api.query(`SELECT count(*)::integer AS rows FROM ${table}`);
  return row?.['rows'];
}

/** Runs DDL now, and takes it back after the test. */
async function withSchema(change: string, back: string): Promise<void> {
  await api.query(change);
  onTestFinished(async () => void (await api.query(back)));
}

describe('while another process carries the request out', () => {
  const run = (sql: SqlExecutor, text: string) => sql.query({ name: '', text });
  const body = aClient();
  const GIVEN_UP = new Error('it died');
  let first: KeyedAnswer;

  beforeEach(async () => {
    first = await post('/v1/clients', body);
    await api.query('DROP TABLE IF EXISTS carried_out');
    await api.query('CREATE TABLE carried_out AS SELECT * FROM idempotency_keys');
    await api.query('TRUNCATE clients, idempotency_keys');
  });

  /** As the other process does it: key and answer in one transaction, which ends as `meanwhile` does. */
  function inOtherProcess(meanwhile: () => Promise<void>): Promise<void> {
    return api.sql.transaction(async (transaction) => {
      await run(transaction, 'INSERT INTO idempotency_keys SELECT * FROM carried_out');
      await meanwhile();
    });
  }

  test('it is waited for, and its answer is given', async () => {
    let waiting: Promise<KeyedAnswer> | undefined;
    await inOtherProcess(async () => {
      waiting = post('/v1/clients', body);
      await untilWaiting(api.sql);
    });

    expect(await waiting).toEqual(again(first));
    expect(await count('clients')).toBe(0);
  });

  test('and dies, it is carried out here', async () => {
    let waiting: Promise<KeyedAnswer> | undefined;
    const dying = inOtherProcess(async () => {
      waiting = post('/v1/clients', body);
      await untilWaiting(api.sql);
      throw GIVEN_UP;
    });
    await expect(dying).rejects.toBe(GIVEN_UP);

    expect(await waiting).toMatchObject({ status: 201, replayed: undefined });
    expect(await count('clients')).toBe(1);
  });

  test('twenty repetitions hold up no other request', async () => {
    let waiting: Promise<KeyedAnswer[]> | undefined;
    await inOtherProcess(async () => {
      waiting = Promise.all(Array.from({ length: 20 }, () => post('/v1/clients', body)));
      await untilWaiting(api.sql);
      const others = await Promise.all([
        ...Array.from({ length: 10 }, () => api.get('/v1/clients')),
        ...Array.from({ length: 10 }, () => api.post('/v1/clients', aClient())),
        ...Array.from({ length: 10 }, () => post('/v1/clients', aClient(), randomUUID())),
      ]);
      expect(new Set(others.map(({ status }) => status))).toEqual(new Set([200, 201]));
      const lockWaits = await api.query(
        `SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(lockWaits).toHaveLength(1);
    });

    expect(await waiting).toEqual(Array(20).fill(again(first)));
  });

  test('for more than ten seconds, it is a 409 that says when to ask again', async () => {
    const headers = { 'idempotency-key': key };
    await inOtherProcess(async () => {
      const began = performance.now();
      // The first waits in Postgres, the others for the first.
      const answers = await Promise.all([1, 2, 3].map(() => api.post('/v1/clients', body, { headers })));

      expect(performance.now() - began).toBeGreaterThan(9_500);
      expect(performance.now() - began).toBeLessThan(15_000);
      for (const answer of answers) {
        expect(answer.status).toBe(409);
        expect(answer.headers['retry-after']).toBe('1');
        expect(answer.body).toMatchObject({
          type: 'urn:event-message-service:problem:request-in-progress',
          retryAfterSeconds: 1,
        });
      }
    });

    expect(await post('/v1/clients', body)).toEqual(again(first));
  });
});

describe('key, change and answer', () => {
  test('are kept together or not at all, and what was not kept is not announced', async () => {
    await withSchema(
      'ALTER TABLE idempotency_keys ADD CONSTRAINT none CHECK (status IS NULL) NOT VALID',
      'ALTER TABLE idempotency_keys DROP CONSTRAINT IF EXISTS none',
    );
    const dispatcher = await AnsweringDispatcher.confirming(api, 0);
    onTestFinished(() => dispatcher.leave());
    const body = aMailing();

    expect(await post('/v1/mailings', body)).toMatchObject({ status: 500, location: undefined });
    expect(await post('/v1/clients', aClient())).toMatchObject({ status: 500, location: undefined });
    const batch = { items: [aClient()] };
    expect(await post('/v1/clients/batch', batch)).toMatchObject({ status: 500 });
    expect([await count('mailings'), await count('clients'), await count('idempotency_keys')]).toEqual([
      0, 0, 0,
    ]);

    await api.query('ALTER TABLE idempotency_keys DROP CONSTRAINT none');
    const { status, text } = await post('/v1/mailings', body);
    expect(status).toBe(201);
    await until('it is announced', () => dispatcher.heard.length > 0);
    expect(dispatcher.heard.map(({ mailingId }) => mailingId)).toEqual([JSON.parse(text).id]);
  });

  test('are committed before anything is announced', async () => {
    const dispatcher = await AnsweringDispatcher.confirming(api, 0);
    onTestFinished(() => dispatcher.leave());
    await withSchema(
      `CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NULL; END $$;
       CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON mailings DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION wait_at_commit()`,
      'DROP TRIGGER wait_at_commit ON mailings; DROP FUNCTION wait_at_commit',
    );
    const making = await api.sql.transaction(async (gate) => {
      await gate.query({ name: '', text: 'SELECT pg_advisory_xact_lock(7)' });
      const answer = post('/v1/mailings', aMailing());
      await untilWaiting(api.sql);
      // One connection keeps its order, so an announcement of the mailing would be heard before this one.
      api.app.get(ControlBus).announce(controlSubjects.mailing, { mailingId: 0 });
      await until('the later announcement is heard', () => dispatcher.heard.length > 0);
      expect(dispatcher.heard).toMatchObject([{ mailingId: 0 }]);
      return { answer };
    });

    const { id } = JSON.parse((await making.answer).text);
    await until('the mailing is heard of', () => dispatcher.heard.length === 2);
    expect(dispatcher.heard[1]).toMatchObject({ mailingId: id, change: 'created' });
  });

  test.each([
    ['a deadlock', '40P01', '/v1/clients', aClient()],
    ['a serialisation failure', '40001', '/v1/clients', aClient()],
    ['a deadlock', '40P01', '/v1/clients/batch', { items: [aClient()] }],
  ])('outlast %s (%s) at %s', async (_, code, path, body) => {
    await withSchema(
      `CREATE SEQUENCE tries;
       CREATE FUNCTION lose_twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF nextval('tries') < 3 THEN RAISE EXCEPTION 'lost' USING ERRCODE = '${code}'; END IF;
         RETURN NEW;
       END $$;
       CREATE TRIGGER lose_twice BEFORE INSERT ON clients FOR EACH ROW EXECUTE FUNCTION lose_twice()`,
      'DROP TRIGGER lose_twice ON clients; DROP FUNCTION lose_twice; DROP SEQUENCE tries',
    );

    const first = await post(path, body);

    expect(first.status).toBeLessThan(300);
    expect(await count('clients')).toBe(1);
    expect((await api.query('SELECT last_value::integer AS tries FROM tries'))[0]).toEqual({ tries: 3 });
    expect(await post(path, body)).toEqual(again(first));
  });
});

describe('a call that waits for dispatchers', () => {
  async function aRunningMailing(): Promise<string> {
    const { body } = await api.post('/v1/mailings', aMailing());
    await api.query(`UPDATE mailings SET status = 'running', started_at = now() WHERE id = $1`, [body.id]);
    return `/v1/mailings/${body.id}`;
  }
  const statusOf = async (mailing: string) => (await api.get(mailing)).body.status;

  test('holds no connection meanwhile, and gives its answer to those who asked meanwhile', async () => {
    const silent = await AnsweringDispatcher.silent(api);
    const mailing = await aRunningMailing();
    const pausing = Promise.all([1, 2, 3].map(() => post(`${mailing}/pause`)));
    await until('it is paused', async () => (await statusOf(mailing)) === 'paused');

    const held = await api.query(
      `SELECT state, query FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'ems-api'
         AND (state LIKE 'idle in transaction%' OR wait_event_type = 'Lock')`,
    );
    expect(held).toEqual([]);
    const [first, ...repeated] = (await pausing).toSorted((one) => (one.replayed === undefined ? -1 : 1));
    expect(JSON.parse(first?.text ?? '')).toMatchObject({ unconfirmedDispatchers: [silent.id] });
    expect(repeated).toEqual([again(first!), again(first!)]);
  });

  test('answers as another process does that has carried it out meanwhile', async () => {
    await AnsweringDispatcher.silent(api);
    const mailing = await aRunningMailing();
    const pausing = post(`${mailing}/pause`);
    await until('it is paused', async () => (await statusOf(mailing)) === 'paused');
    await api.query(`UPDATE idempotency_keys SET status = 200, answer = '{"from":"the other"}'`);

    expect(await pausing).toMatchObject({ status: 200, text: '{"from":"the other"}', replayed: 'true' });
    expect(await post(`${mailing}/pause`)).toEqual(await pausing);
  });

  test('is not done again later', async () => {
    const mailing = await aRunningMailing();
    const first = await post(`${mailing}/pause`);
    await api.post(`${mailing}/resume`);

    expect(await post(`${mailing}/pause`)).toEqual(again(first));
    expect(await statusOf(mailing)).toBe('running');
  });

  test('is done again when the process died before it could answer', async () => {
    const mailing = await aRunningMailing();
    await post(`${mailing}/pause`);
    await api.query('UPDATE idempotency_keys SET status = NULL, location = NULL, answer = NULL');

    expect((await post(`${mailing}/cancel`)).status, 'the key is still its own').toBe(422);
    const second = await post(`${mailing}/pause`);
    expect(second).toMatchObject({ status: 200, replayed: undefined });
    expect(await post(`${mailing}/pause`)).toEqual(again(second));
  });
});
