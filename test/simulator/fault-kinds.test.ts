import { brotliDecompressSync, gunzipSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { request } from 'undici';
import { eventually } from './simulator-client.js';
import {
  accepted,
  bodyOf,
  endOf,
  errorCodeOf,
  head,
  rawConnection,
  simulator,
  token,
} from './simulator-fixture.js';

describe('a fault of kind', () => {
  it('status answers the status with the provider’s own error body, and does not accept', async () => {
    const { send, control } = await simulator();
    await control.fault({ kind: 'status', status: 503 });
    expect(await send(1)).toEqual({ status: 503, body: { code: 503, message: 'Service Unavailable' } });
    expect(await control.received()).toMatchObject([
      { id: 1, text: 'Hello', outcome: 'rejected', fault: 'status', status: 503 },
    ]);
  });

  it.each([
    [{ code: 12, message: 'no such number' }, 'application/json', '{"code":12,"message":"no such number"}'],
    [[1], 'application/json', '[1]'],
    ['Bad Gateway', 'text/plain; charset=utf-8', 'Bad Gateway'],
    [null, undefined, ''],
  ])('status answers the body %j when it is given one', async (body, type, text) => {
    const { exchange, control } = await simulator();
    await control.fault({ kind: 'status', status: 400, body, headers: { 'X-Request-Id': 'abc' } });
    const response = await exchange(1);
    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toBe(type);
    expect(response.headers['x-request-id']).toBe('abc');
    expect(await response.body.text()).toBe(text);
  });

  it('status answers a status that has no body by an answer without one', async () => {
    const { send, control } = await simulator();
    await control.fault({ kind: 'status', status: 204 });
    expect(await send(1)).toEqual({ status: 204, body: '' });
    expect(await send(2)).toEqual({ status: 204, body: '' });
  });

  it('acceptThenStatus accepts, then answers 500 or what it is told', async () => {
    const { send, control } = await simulator();
    await control.fault({ kind: 'acceptThenStatus', times: 1 }, { kind: 'acceptThenStatus', status: 502 });
    expect((await send(1)).status).toBe(500);
    expect((await send(2)).status).toBe(502);
    expect(await control.received()).toMatchObject([
      { id: 1, outcome: 'accepted', fault: 'acceptThenStatus', status: 500 },
      { id: 2, outcome: 'accepted', fault: 'acceptThenStatus', status: 502 },
    ]);
  });

  it.each([
    ['hang', 'rejected'],
    ['acceptThenHang', 'accepted'],
  ])('%s never answers but keeps the connection open, and the message is %s', async (kind, outcome) => {
    const { send, exchange, control } = await simulator();
    await control.fault({ kind, ids: [1] });
    const abort = new AbortController();
    const hanging = errorCodeOf(exchange(1, { signal: abort.signal }));
    await eventually('it is recorded', async () => (await control.summary()).requests === 1);
    expect(await send(2)).toEqual(accepted);
    expect(await control.received('?id=1')).toMatchObject([{ outcome, fault: kind, status: null }]);
    expect((await control.state()).inFlight).toBe(1);

    abort.abort();
    expect(await hanging).toBe('AbortError');
    await eventually('it is over', async () => (await control.state()).inFlight === 0);
  });

  it.each(['hang', 'acceptThenHang'])('%s closes the connection after holdMs', async (kind) => {
    const { exchange, control } = await simulator();
    await control.fault({ kind, holdMs: 100 });
    const start = performance.now();
    expect(await errorCodeOf(exchange(1))).toBe('UND_ERR_SOCKET');
    expect(performance.now() - start).toBeGreaterThanOrEqual(98);
  });

  it('slow accepts and answers properly, later than the others', async () => {
    const { send, control } = await simulator();
    await control.fault({ kind: 'slow', delayMs: 200, ids: [1] });
    const answered: number[] = [];
    const note = (id: number) => send(id).then((answer) => [answered.push(id), answer]);
    const [slow, fast] = await Promise.all([note(1), note(2)]);
    expect([slow[1], fast[1]]).toEqual([accepted, accepted]);
    expect(answered).toEqual([2, 1]);
  });

  it.each([
    [{}, 429, '1'],
    [{ retryAfter: 120 }, 429, '120'],
    [{ retryAfter: 'soon', status: 503 }, 503, 'soon'],
    [{ retryAfter: '-5' }, 429, '-5'],
  ])('throttle as %j answers %i with Retry-After: %s', async (options, status, retryAfter) => {
    const { exchange, control } = await simulator();
    await control.fault({ kind: 'throttle', ...options });
    const response = await exchange(1);
    expect(response.statusCode).toBe(status);
    expect(response.headers['retry-after']).toBe(retryAfter);
    expect(await response.body.json()).toMatchObject({ code: status });
    expect(await control.received()).toMatchObject([{ outcome: 'rejected', fault: 'throttle', status }]);
  });

  it('throttle gives Retry-After as an HTTP date, counted from the answer and never too early', async () => {
    const { exchange, control } = await simulator();
    await control.fault({ kind: 'throttle', retryAfter: { dateInMs: 90_000 } });
    const before = Date.now();
    const response = await exchange(1);
    await response.body.dump();
    const header = String(response.headers['retry-after']);
    expect(header).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(Date.parse(header)).toBeGreaterThanOrEqual(before + 90_000);
    expect(Date.parse(header)).toBeLessThanOrEqual(Date.now() + 91_000);
  });

  it.each([
    [false, 'rejected'],
    [true, 'accepted'],
  ])('html answers 200 with a login page; with accept %s the message is %s', async (accept, outcome) => {
    const { exchange, control } = await simulator();
    await control.fault({ kind: 'html', accept });
    const response = await exchange(1);
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(await response.body.text()).toContain('<title>Sign in</title>');
    expect(await control.received()).toMatchObject([{ outcome, fault: 'html', status: 200 }]);
  });

  it('wrongBody answers 200 with a body that the contract does not know', async () => {
    const { send, control } = await simulator();
    await control.fault(
      { kind: 'wrongBody', times: 1 },
      { kind: 'wrongBody', body: '{"code":0,', accept: true },
    );
    expect(await send(1)).toEqual({ status: 200, body: { status: 'queued' } });
    expect(await send(2)).toEqual({ status: 200, body: '{"code":0,' });
    expect(await control.received()).toMatchObject([{ outcome: 'rejected' }, { outcome: 'accepted' }]);
  });

  it('codeBody answers 200 with a code that says no', async () => {
    const { send, control } = await simulator();
    await control.fault({ kind: 'codeBody', code: 17, message: 'queue is full' });
    expect(await send(1)).toEqual({ status: 200, body: { code: 17, message: 'queue is full' } });
    expect(await control.received()).toMatchObject([{ outcome: 'rejected', fault: 'codeBody' }]);
  });

  it('redirect answers 302 with a place to go', async () => {
    const { exchange, control } = await simulator();
    await control.fault({ kind: 'redirect', times: 1 }, { kind: 'redirect', status: 308, location: '/v2' });
    for (const [status, location] of [
      [302, '/login'],
      [308, '/v2'],
    ]) {
      const response = await exchange(1);
      await response.body.dump();
      expect([response.statusCode, response.headers['location']]).toEqual([status, location]);
    }
    expect((await control.summary()).byOutcome.rejected).toBe(2);
  });

  it('resetBeforeBody resets the connection once the headers are in', async () => {
    const { port, control } = await simulator();
    await control.fault({ kind: 'resetBeforeBody' });
    const socket = await rawConnection(port);
    socket.write(head(5, bodyOf(5).length));
    expect(await endOf(socket)).toEqual({ how: 'reset', read: '' });
    expect(await control.received()).toMatchObject([
      { id: 5, phone: null, text: null, outcome: 'rejected', fault: 'resetBeforeBody', status: null },
    ]);
  });

  it.each([
    [false, 'rejected'],
    [true, 'accepted'],
  ])('resetAfterBody resets once the body is in; with accept %s it is %s', async (accept, outcome) => {
    const { port, control } = await simulator();
    await control.fault({ kind: 'resetAfterBody', accept });
    const socket = await rawConnection(port);
    const end = endOf(socket);
    socket.write(head(5, bodyOf(5).length));
    await eventually('the headers arrive', async () => (await control.state()).inFlight === 1);
    expect((await control.summary()).requests).toBe(0);
    socket.write(bodyOf(5));
    expect(await end).toEqual({ how: 'reset', read: '' });
    expect(await control.received()).toMatchObject([{ id: 5, text: 'Hello', outcome, status: null }]);
  });

  it('drip gives the headers at once and then a byte at a time, the right ones in the end', async () => {
    const { exchange, control } = await simulator();
    await control.fault({ kind: 'drip', everyMs: 10 });
    const response = await exchange(1);
    const start = performance.now();
    const parts: string[] = [];
    for await (const part of response.body) parts.push(String(part));
    expect(JSON.parse(parts.join(''))).toEqual(accepted.body);
    expect(parts.length).toBeGreaterThan(5);
    expect(performance.now() - start).toBeGreaterThan(25 * 9);
    expect((await control.summary()).accepted).toBe(1);
  });

  it('drip stops when the caller gives up', async () => {
    const { exchange, control } = await simulator();
    await control.fault({ kind: 'drip', everyMs: 20, accept: false });
    const response = await exchange(1);
    response.body.destroy();
    response.body.on('error', () => undefined);
    await eventually('it is over', async () => (await control.state()).inFlight === 0);
    expect(await control.received()).toMatchObject([{ outcome: 'rejected', fault: 'drip', status: 200 }]);
  });

  it.each([
    [undefined, 'gzip', (bytes: Buffer) => gunzipSync(bytes)],
    [['rawDeflate'], 'deflate', (bytes: Buffer) => inflateRawSync(bytes)],
    [['gzip', 'br'], 'gzip, br', (bytes: Buffer) => gunzipSync(brotliDecompressSync(bytes))],
  ])('encoded answers properly in %j', async (codings, header, decode) => {
    const { exchange, control } = await simulator();
    await control.fault({ kind: 'encoded', ...(codings && { codings }) });
    const response = await exchange(1);
    expect(response.headers['content-encoding']).toBe(header);
    const plain = decode(Buffer.from(await response.body.arrayBuffer()));
    expect(JSON.parse(plain.toString())).toEqual(accepted.body);
    expect(await control.received()).toMatchObject([{ outcome: 'accepted', fault: 'encoded', status: 200 }]);
  });

  it.each([
    [false, 'rejected'],
    [true, 'accepted'],
  ])('brokenEncoding breaks off in its body; with accept %s it is %s', async (accept, outcome) => {
    const { exchange, control } = await simulator();
    await control.fault({ kind: 'brokenEncoding', accept });
    const bytes = Buffer.from(await (await exchange(1)).body.arrayBuffer());
    expect(() => gunzipSync(bytes)).toThrow(/unexpected end/);
    expect(await control.received()).toMatchObject([{ outcome, fault: 'brokenEncoding', status: 200 }]);
  });

  it('informational sends what is not the answer, and then the answer', async () => {
    const { port, control } = await simulator();
    await control.behave({
      faults: [
        { kind: 'informational', statuses: [100, 102, 103], ids: [1] },
        { kind: 'encoded', informational: [103], ids: [2] },
        { kind: 'closeIdle', ids: [3] },
      ],
    });
    const socket = await rawConnection(port);
    const end = endOf(socket);
    for (const id of [1, 2, 3]) socket.write(head(id, bodyOf(id).length) + bodyOf(id));
    const { read } = await end;
    const statuses = read.match(/HTTP\/1\.1 \d+/g)?.map((line) => line.slice(9));
    expect(statuses).toEqual('100 102 103 200 103 200 200'.split(' '));
    expect(await control.received()).toMatchObject([
      { outcome: 'accepted', fault: 'informational', status: 200 },
      { outcome: 'accepted', fault: 'encoded', status: 200 },
      { outcome: 'accepted', fault: 'closeIdle', status: 200 },
    ]);
  });

  it('closeIdle promises to keep the connection and closes it after the answer', async () => {
    const { port, control } = await simulator();
    await control.fault({ kind: 'closeIdle' });
    const socket = await rawConnection(port);
    const end = endOf(socket);
    socket.write(head(1, bodyOf(1).length) + bodyOf(1));
    const { how, read } = await end;
    expect(how).toBe('closed');
    expect(read).toContain('HTTP/1.1 200 OK');
    expect(read.toLowerCase()).toContain('connection: keep-alive');
    expect(read).toContain('{"code":0,"message":"OK"}');
    expect(await control.received()).toMatchObject([{ outcome: 'accepted', fault: 'closeIdle' }]);
  });

  it('closeIdle can cross the next request on the same connection, which is accepted without an answer', async () => {
    const { port, control } = await simulator();
    await control.behave({
      faults: [
        { kind: 'closeIdle', afterMs: 200, ids: [1] },
        { kind: 'slow', delayMs: 5_000, ids: [2] },
      ],
    });
    const socket = await rawConnection(port);
    const end = endOf(socket);
    socket.write(head(1, bodyOf(1).length) + bodyOf(1));
    socket.write(head(2, bodyOf(2).length) + bodyOf(2));
    const { read } = await end;
    expect(read.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(await control.received()).toMatchObject([
      { id: 1, outcome: 'accepted', status: 200, connection: 1 },
      { id: 2, outcome: 'accepted', status: null, connection: 1 },
    ]);
  });
});

describe('the status of an answer that was not given', () => {
  it('is null when the provider goes down with the request in its hands', async () => {
    const { exchange, control } = await simulator();
    await control.fault({ kind: 'slow', delayMs: 5_000 });
    const cutOff = exchange(1).catch(() => undefined);
    await eventually('it is there', async () => (await control.received()).length === 1);
    await control.behave({ down: true });
    await cutOff;
    expect(await control.received()).toMatchObject([{ outcome: 'accepted', fault: 'slow', status: null }]);
  });

  it('is as it was decided when the caller has gone', async () => {
    const { port, control } = await simulator();
    await control.fault({ kind: 'slow', delayMs: 5_000 });
    const socket = await rawConnection(port);
    socket.write(head(1, bodyOf(1).length) + bodyOf(1));
    await eventually('it is there', async () => (await control.received()).length === 1);
    socket.destroy();
    await eventually('it is over', async () => (await control.state()).inFlight === 0);
    expect(await control.received()).toMatchObject([{ outcome: 'accepted', fault: 'slow', status: 200 }]);
  });
});

describe('keepAliveMs', () => {
  it('closes idle connections after that time and announces it', async () => {
    const { port, control } = await simulator();
    await control.behave({ keepAliveMs: 1_000 });
    const socket = await rawConnection(port);
    const end = endOf(socket);
    socket.write(head(1, bodyOf(1).length) + bodyOf(1));
    const { how, read } = await end;
    expect(how).toBe('closed');
    expect(read.toLowerCase()).toContain('keep-alive: timeout=1');
  });

  it('of 0 keeps them and announces nothing', async () => {
    const { port, control } = await simulator();
    await control.behave({ keepAliveMs: 0 });
    const response = await request(`http://127.0.0.1:${port}/v1/send/1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: bodyOf(1),
    });
    await response.body.dump();
    expect(response.headers['keep-alive']).toBeUndefined();
  });
});
