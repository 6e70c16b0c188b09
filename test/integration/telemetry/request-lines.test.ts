import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '#libs/embedded';
import { AppProcess } from '../../support/app-process.js';
import { NatsClient } from '../../support/nats-client.js';
import { exchange, readAnswer } from '../../support/raw-exchange.js';
import { createTestDatabase, natsAccount } from '../../support/services.js';
import { until } from '../../support/until.js';

const KEY = 'the-key-of-this-test';

interface RunningApi {
  process: AppProcess;
  url: string;
  databaseUrl: string;
  natsUrl: string;
  end: () => Promise<void>;
}

async function startApi(settings: Record<string, string>): Promise<RunningApi> {
  const [database, nats, port] = [await createTestDatabase(), await natsAccount(), await freePort()];
  const process = new AppProcess('api', {
    DATABASE_URL: database.url,
    NATS_URL: nats.url,
    PORT: String(port),
    API_KEYS: `lines:${KEY}`,
    ...settings,
  });
  const url = `http://127.0.0.1:${port}`;
  process.start();
  await until('the API serves', async () => (await fetch(`${url}/health/ready`)).ok, 30_000);
  const end = async () => {
    await process.stop();
    await database.drop();
  };
  return { process, url, databaseUrl: database.url, natsUrl: nats.url, end };
}

interface CallOptions {
  key?: string;
  requestId?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** The lines about a request, as soon as there is one. */
async function linesOf(api: RunningApi, requestId: string): Promise<Record<string, unknown>[]> {
  return until(`a line of ${requestId}`, () => {
    const lines = api.process.output.split('\n').filter((line) => line.includes(`"${requestId}"`));
    return lines.length > 0 && lines.map((line) => JSON.parse(line));
  });
}

describe('JSON, as in production', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi({ LOG_FORMAT: 'auto' });
  });
  afterAll(() => api.end());

  const call = (path: string, init: CallOptions = {}) => {
    const { key = KEY, requestId, headers, ...rest } = init;
    return fetch(`${api.url}${path}`, {
      ...rest,
      headers: {
        authorization: `Bearer ${key}`,
        ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
        ...headers,
      },
    });
  };

  test('a request has one line, with its id and the id of what it is about', async () => {
    const response = await call('/v1/mailings/7', { requestId: 'caller-1' });
    expect(response.headers.get('x-request-id')).toBe('caller-1');
    expect(await linesOf(api, 'caller-1')).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        app: 'api',
        pid: api.process.pid,
        requestId: 'caller-1',
        keyName: 'lines',
        address: '127.0.0.1',
        mailingId: 7,
        method: 'GET',
        path: '/v1/mailings/7',
        code: 404,
        durationMs: expect.any(Number),
        msg: 'GET /v1/mailings/7 404',
      },
    ]);
  });

  test.each([
    ['/v1/clients/8/messages', { clientId: 8 }],
    ['/v1/messages/9', { messageId: 9 }],
    ['/v1/mailings/10/statistics', { mailingId: 10 }],
  ])('%s is found by %j', async (path, ids) => {
    const requestId = `caller${path.replaceAll('/', '-')}`;
    await call(path, { requestId });
    expect(await linesOf(api, requestId)).toMatchObject([ids]);
  });

  test('the line of what was made has its id', async () => {
    const response = await call('/v1/clients', {
      method: 'POST',
      requestId: 'caller-2',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ phone: '+79001112233', timezone: 'Europe/Moscow' }),
    });
    const { id } = (await response.json()) as { id: number };
    const [line] = await linesOf(api, 'caller-2');
    expect(line).toMatchObject({ clientId: id, code: 201, keyName: 'lines' });
    expect(line).not.toHaveProperty('address');
  });

  test('the line of a repetition has the id of what was made then, and none has the key', async () => {
    const key = 'an-idempotency-key';
    const make = (requestId: string, timezone: string) =>
      call('/v1/clients', {
        method: 'POST',
        requestId,
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ phone: '+79001112234', timezone }),
      });
    const { id } = (await (await make('keyed-1', 'UTC')).json()) as { id: number };
    await make('keyed-2', 'UTC');
    expect(await linesOf(api, 'keyed-2')).toMatchObject([{ clientId: id, code: 201 }]);
    await make('keyed-3', 'Europe/Moscow');
    expect(await linesOf(api, 'keyed-3')).toMatchObject([{ code: 422 }]);
    expect(api.process.output).not.toContain(key);
  });

  test('a request id that is not a sane one is replaced', async () => {
    const response = await call('/v1/mailings/7', { requestId: 'a "quoted" id' });
    expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
  });

  test('refused requests have a line too, without the key that was tried', async () => {
    const response = await call('/v1/clients', { key: 'a-key-that-is-wrong', requestId: 'caller-3' });
    expect(response.status).toBe(401);
    expect(await linesOf(api, 'caller-3')).toEqual([
      expect.objectContaining({ code: 401, path: '/v1/clients', address: '127.0.0.1' }),
    ]);
    expect(await linesOf(api, 'caller-3')).not.toMatchObject([{ keyName: expect.anything() }]);
    await call('/nowhere/at-all', { requestId: 'caller-4' });
    expect(await linesOf(api, 'caller-4')).toMatchObject([{ code: 404 }]);
    expect(api.process.output).not.toContain('a-key-that-is-wrong');
    expect(api.process.output).not.toContain(KEY);
  });

  test('a failure of ours is told in a line of the same request', async () => {
    const database = new Client({ connectionString: api.databaseUrl });
    await database.connect();
    try {
      await database.query('ALTER TABLE mailings RENAME TO mailings_away');
      expect((await call('/v1/mailings/11', { requestId: 'caller-11' })).status).toBe(503);
    } finally {
      await database.query('ALTER TABLE mailings_away RENAME TO mailings');
      await database.end();
    }
    const lines = await until('both lines', async () => {
      const known = await linesOf(api, 'caller-11');
      return known.length === 2 && known;
    });
    expect(lines).toMatchObject([
      { level: 'warn', context: 'Problem', mailingId: 11, error: expect.stringContaining('"mailings"') },
      { level: 'warn', code: 503, mailingId: 11 },
    ]);
  });

  test("a database's error is logged without the values that it quotes", async () => {
    const database = new Client({ connectionString: api.databaseUrl });
    await database.connect();
    try {
      await database.query(`
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE 'no room for %', NEW.phone USING DETAIL = 'Key (phone)=(' || NEW.phone || ')'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON clients FOR EACH ROW EXECUTE FUNCTION refuse()`);
      const made = await call('/v1/clients', {
        method: 'POST',
        requestId: 'caller-12',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ phone: '+79001119999', timezone: 'UTC' }),
      });
      expect(made.status).toBe(500);
    } finally {
      await database.query('DROP FUNCTION refuse CASCADE');
      await database.end();
    }
    await until('both lines', async () => (await linesOf(api, 'caller-12')).length === 2);
    expect(JSON.stringify(await linesOf(api, 'caller-12'))).toContain('no room for [phone]');
    expect(api.process.output).not.toContain('79001119999');
  });

  test('phones, query strings and bodies are in no line', async () => {
    await call('/v1/clients?phone=79001112233', { requestId: 'caller-5' });
    await linesOf(api, 'caller-5');
    expect(api.process.output).not.toContain('79001112233');
    expect(api.process.output).not.toContain('?');
    for (const [place, path] of ['79001112233', '+7%20(900)%20111-22-33'].entries()) {
      await call(`/v1/clients/${path}`, { requestId: `caller-phone-${place}` });
      expect(await linesOf(api, `caller-phone-${place}`)).toMatchObject([{ path: '/v1/clients/[phone]' }]);
    }
    expect(api.process.output).not.toMatch(/79001112233|111-22-33/);
  });

  test.each([
    ['20 KiB of headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'79001234567'.repeat(1_900)}\r\n\r\n`, 431],
    ['bytes that are no HTTP', '\x16\x03\x01 79001234567\r\n\r\n', 400],
    ['a tunnel to a phone', 'CONNECT 79001234567:80 HTTP/1.1\r\nHost: 79001234567\r\n\r\n', 405],
  ])('the line of %s has the address of its caller, and nothing that was sent', async (_, bytes, code) => {
    const answer = await exchange(Number(new URL(api.url).port), Buffer.from(bytes, 'latin1'));
    const { status, headers } = readAnswer(answer);
    expect(status).toBe(code);
    const requestId = headers.get('x-request-id') ?? '';
    expect(await linesOf(api, requestId)).toMatchObject([{ code, address: '127.0.0.1' }]);
    expect(answer + api.process.output).not.toContain('79001234567');
  });

  test('what machines ask for all the time is not logged', async () => {
    for (const path of ['/health', '/health/live', '/metrics']) await call(path, { requestId: 'machine-1' });
    await call('/v1/mailings/1', { requestId: 'caller-6' });
    await linesOf(api, 'caller-6');
    expect(api.process.output).not.toContain('machine-1');
  });

  test('a health that is refused for too many wrong keys is logged with its address', async () => {
    // Other wrong keys of this file may have been counted before.
    for (let nth = 0; nth < 20; nth += 1) {
      await call('/health', { key: `wrong-${nth}`, requestId: 'machine-2' });
    }
    const { status } = await call('/health', { key: 'wrong-20', requestId: 'one-too-many' });
    expect(status).toBe(429);
    const lines = await linesOf(api, 'one-too-many');
    expect(lines).toMatchObject([{ level: 'info', path: '/health', code: 429, address: '127.0.0.1' }]);
  });

  test('metrics count by the route and the subject, not by what was asked for', async () => {
    await call('/v1/mailings/71');
    await call('/v1/mailings/72');
    await call('/some/path/of/their/own');
    const nats = await NatsClient.connect(api.natsUrl);
    await nats.request('ems.clients.get', { id: 73 });
    await nats.send('ems.clients.get', 'broken');
    await nats.request('ems.clients.of-their-own');
    await nats.close();

    const response = await fetch(`${api.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    expect(text).toMatch(
      /ems_http_request_duration_seconds_count\{method="GET",route="\/v1\/mailings\/:id",code="404"\} \d+/,
    );
    expect(text).toContain('route="unmatched",code="404"');
    expect(text).toContain('ems_nats_request_duration_seconds_count{subject="ems.clients.get",code="404"} 1');
    expect(text).toContain('ems_nats_request_duration_seconds_count{subject="ems.clients.get",code="400"} 1');
    expect(text).toContain('ems_nats_request_duration_seconds_count{subject="unmatched",code="404"} 1');
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).not.toMatch(/mailings\/7|their/);
  });
});

test('pretty lines, as in a terminal, hide secrets as well', async () => {
  const api = await startApi({ LOG_FORMAT: 'pretty', LOG_LEVEL: 'debug' });
  try {
    await fetch(`${api.url}/v1/mailings/7`, { headers: { authorization: `Bearer ${KEY}` } });
    const line = await until('the line', () =>
      api.process.output.split('\n').find((one) => one.includes('GET /v1/mailings/7')),
    );
    expect(() => JSON.parse(line)).toThrow(SyntaxError);
    expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}] .*INFO.*GET \/v1\/mailings\/7 404 .*"mailingId":7/);
    expect(api.process.output).not.toContain(KEY);
    expect(api.process.output).toContain('GET /health/ready 200');
  } finally {
    await api.end();
  }
});
