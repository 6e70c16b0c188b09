import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { HTTP_LIMITS } from '../../../apps/api/http/http-limits.js';
import { text } from 'node:stream/consumers';
import { aClient, TestApi } from '../../support/api.js';
import { holdTable } from '../../support/held-table.js';
import { until } from '../../support/until.js';

/** Milliseconds. */
const PATIENCE = 1_000;

let api: TestApi;
let port: number;

beforeEach(async () => {
  api = await TestApi.start(
    {},
    {
      ...HTTP_LIMITS,
      connections: 20,
      spareConnections: 2,
      requests: { atOnce: 12, waiting: 3, patienceMs: PATIENCE },
      silenceMs: 1_000,
    },
  );
  await api.app.listen(0, '127.0.0.1');
  port = Number(new URL(await api.app.getUrl()).port);
});
afterEach(() => api.end());

describe('requests that Postgres keeps waiting', () => {
  test('are worked on up to a limit; more wait their turn, and are refused when it does not come', async () => {
    const release = await holdTable(api.databaseUrl, 'mailings');
    const working = Array.from({ length: 12 }, () => api.get('/v1/mailings/1'));
    const startedAt = performance.now();
    const waiting = Array.from({ length: 3 }, () => api.get('/v1/clients/1'));
    const beyond = await api.get('/v1/clients/1');
    const refusedAfter = performance.now() - startedAt;
    expect([beyond.status, beyond.headers['retry-after'], beyond.headers.connection]).toEqual([
      503,
      '1',
      'close',
    ]);
    expect((await api.get('/health/live')).status).toBe(200);
    expect((await api.get('/metrics')).status).toBe(200);

    for (const { status, headers, body } of await Promise.all(waiting)) {
      expect([status, headers['retry-after'], headers.connection]).toEqual([503, '1', 'keep-alive']);
      expect(body.detail).toBe('The service is overloaded. Nothing was changed: please retry.');
    }
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(PATIENCE - 1);
    expect(refusedAfter).toBeLessThan(PATIENCE);

    const patient = api.get('/v1/clients/1');
    await release();
    for (const { status } of await Promise.all(working)) expect(status).toBe(404);
    expect((await patient).status).toBe(404);
  });

  test('are not carried out when their callers have left before their turn', async () => {
    const release = await holdTable(api.databaseUrl, 'mailings');
    const working = Array.from({ length: 12 }, () => api.get('/v1/mailings/1'));
    const caller = new AbortController();
    const given = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(aClient()),
    };
    const left = fetch(`http://127.0.0.1:${port}/v1/clients`, { ...given, signal: caller.signal });
    const server = api.app.getHttpServer();
    await once(server, 'request');
    caller.abort();
    await expect(left).rejects.toThrow('abort');
    await release();
    await Promise.all(working);
    expect((await api.get('/v1/clients')).body.items).toEqual([]);
  });

  test('count for as long as the work lasts, though the caller has left', async () => {
    const release = await holdTable(api.databaseUrl, 'mailings');
    const server = api.app.getHttpServer();
    for (let nth = 0; nth < 12; nth += 1) {
      const caller = new AbortController();
      // Beyond the connections to Postgres those that wait are not seen there, so this is what tells that it came.
      const came = once(server, 'request');
      void fetch(`http://127.0.0.1:${port}/v1/mailings/1`, { signal: caller.signal }).catch(() => undefined);
      await until('it is being worked on', async () => {
        const [row] = await api.query<{ waiting: number }>(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
           WHERE application_name = 'ems-api' AND wait_event_type = 'Lock'`,
        );
        return Number(row?.waiting) > Math.min(nth, 3);
      });
      await came;
      caller.abort();
    }
    expect((await api.get('/v1/clients/1')).status).toBe(503);
    await release();
    await until('all is done', async () => (await api.get('/v1/clients/1')).status === 404);
  });
});

async function connection(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

describe('connections', () => {
  test('beyond the limit are for those who look after it; beyond the spare ones they are closed', async () => {
    const first = await Promise.all(Array.from({ length: 20 }, connection));
    const ask = async (path: string) => {
      const socket = await connection();
      socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
      return socket;
    };
    for (const [path, status] of [
      ['/health/live', 200],
      ['/metrics', 200],
      ['/v1/clients', 503],
    ] as const) {
      const answer = await text(await ask(path));
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\nconnection: close\r\n`, 'is'));
    }
    await Promise.all([connection(), connection()]);
    const further = await connection();
    await once(further, 'close');
    expect(first.filter((socket) => socket.destroyed)).toEqual([]);

    first[0]?.destroy();
    await until('there is room', async () => {
      const socket = await connection();
      socket.write('GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
      const [answer] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      return String(answer).startsWith('HTTP/1.1 200');
    });
  });

  test('on which nothing moves are ended, with an answer that nobody reads as well', async () => {
    const silent = await connection();
    const unread = await connection();
    unread.pause();
    const request = 'GET /docs-json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n';
    // More answers than the buffers of both ends hold.
    unread.write(request.repeat(300));
    const server = api.app.getHttpServer();
    const open = () =>
      new Promise<number>((resolve) =>
        server.getConnections((_error: unknown, count: number) => resolve(count)),
      );
    expect(await open()).toBeGreaterThan(0);
    await once(silent, 'close');
    await until('both are ended', async () => (await open()) === 0);
  });
});
