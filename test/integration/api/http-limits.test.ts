import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { HTTP_LIMITS } from '../../../apps/api/http/http-limits.js';
import { TestApi } from '../../support/api.js';
import { holdTable } from '../../support/held-table.js';
import { until } from '../../support/until.js';

let api: TestApi;
let port: number;

beforeEach(async () => {
  api = await TestApi.start({}, { ...HTTP_LIMITS, connections: 20, requestsAtOnce: 12, silenceMs: 1_000 });
  await api.app.listen(0, '127.0.0.1');
  port = Number(new URL(await api.app.getUrl()).port);
});
afterEach(() => api.end());

describe('requests that Postgres keeps waiting', () => {
  test('are worked on up to a limit; more are refused at once, and health is answered', async () => {
    const release = await holdTable(api.databaseUrl, 'mailings');
    const waiting = Array.from({ length: 12 }, () => api.get('/v1/mailings/1'));
    await until('they wait', async () => {
      const { status } = await api.get('/v1/clients/1');
      return status === 503;
    });
    const startedAt = performance.now();
    const refused = await api.get('/v1/clients/1');
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(refused.body.detail).toBe('Too many requests are being worked on; please try again.');
    expect((await api.get('/health/live')).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(2_000);

    await release();
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(404);
    expect((await api.get('/v1/clients/1')).status).toBe(404);
  });

  test('count for as long as the work lasts, though the caller has left', async () => {
    const release = await holdTable(api.databaseUrl, 'mailings');
    for (let nth = 0; nth < 12; nth += 1) {
      const caller = new AbortController();
      void fetch(`http://127.0.0.1:${port}/v1/mailings/1`, { signal: caller.signal }).catch(() => undefined);
      await until('it is being worked on', async () => {
        const [row] = await api.query<{ waiting: number }>(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
           WHERE application_name = 'ems-api' AND wait_event_type = 'Lock'`,
        );
        return Number(row?.waiting) > Math.min(nth, 3);
      });
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
  test('beyond the limit are closed at once, and taken again when there is room', async () => {
    const first = await Promise.all(Array.from({ length: 20 }, connection));
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
