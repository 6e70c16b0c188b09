import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { eventually } from './simulator-client.js';
import { accepted, bodyOf, errorCodeOf, head, rawConnection, simulator, token } from './simulator-fixture.js';

describe('the sending port', () => {
  it('accepts a message that keeps the contract and records all of it', async () => {
    const { send, control } = await simulator();
    const before = Date.now();
    expect(await send(42, { phone: 79990000001, text: 'Your order is «ready» 🎉' })).toEqual(accepted);

    const [row] = await control.received();
    expect(row).toEqual({
      seq: 1,
      id: 42,
      phone: 79990000001,
      text: 'Your order is «ready» 🎉',
      at: expect.any(Number),
      outcome: 'accepted',
      fault: null,
      status: 200,
      connection: 1,
    });
    expect(row?.at).toBeGreaterThanOrEqual(before);
    expect(row?.at).toBeLessThanOrEqual(Date.now());
  });

  it('answers 401 to a missing or wrong token and records the request as unauthorized', async () => {
    const { send, control } = await simulator();
    const unauthorized = { status: 401, body: { code: 401, message: 'Unauthorized' } };
    expect(await send(1, { authorization: 'Bearer another' })).toEqual(unauthorized);
    expect(await send(2, { authorization: token })).toEqual(unauthorized);
    expect(await send(3, { authorization: '' })).toEqual(unauthorized);
    expect(await send(4, { authorization: '', body: 'not JSON' })).toEqual(unauthorized);
    expect((await control.summary()).byOutcome).toMatchObject({ unauthorized: 4, accepted: 0 });
  });

  it.each([
    ['another id', '{"id":2,"phone":79001234567,"text":"x"}', 'id 2 is not the 1 of the path'],
    ['an id as a string', '{"id":"1","phone":79001234567,"text":"x"}', 'id must be an int64'],
    ['a negative id', '{"id":-1,"phone":79001234567,"text":"x"}', 'id must be an int64'],
    ['no phone', '{"id":1,"text":"x"}', 'phone must be an int64'],
    ['a phone as a string', '{"id":1,"phone":"79001234567","text":"x"}', 'phone must be an int64'],
    ['a fraction as phone', '{"id":1,"phone":7.5,"text":"x"}', 'phone must be an int64'],
    ['a phone above int64', '{"id":1,"phone":9223372036854775808,"text":"x"}', 'phone must be an int64'],
    ['no text', '{"id":1,"phone":79001234567}', 'text must be a string'],
    ['a number as text', '{"id":1,"phone":79001234567,"text":5}', 'text must be a string'],
    ['an array', '[]', 'id must be an int64'],
    ['null', 'null', 'the body must be a JSON object'],
    ['broken JSON', '{"id":1', 'the body is not JSON'],
    ['nothing', '', 'the body is not JSON'],
  ])('answers 400 to a body with %s and records it without accepting it', async (_, body, message) => {
    const { send, control } = await simulator();
    expect(await send(1, { body })).toEqual({ status: 400, body: { code: 400, message } });
    const rows = await control.received();
    expect(rows).toMatchObject([{ id: 1, phone: null, text: null, outcome: 'malformed', status: 400 }]);
  });

  it.each(['abc', '-1', '1.5', '9223372036854775808', '', '1/2'])(
    'answers 400 to %j as the id of the path, and has no id to record it by',
    async (id) => {
      const { send, control } = await simulator();
      expect(await send(id, { body: bodyOf(1) })).toMatchObject({ status: 400, body: { code: 400 } });
      expect((await control.summary()).requests).toBe(0);
    },
  );

  it('keeps all 64 bits of an id and of a phone', async () => {
    const { send, control } = await simulator();
    const largest = '9223372036854775807';
    const body = `{ "phone" : 9007199254740993, "text": "\\"id\\":5", "id":${largest}}`;
    expect(await send(largest, { body })).toEqual(accepted);
    expect(await send(largest, { body: body.replace('807', '806') })).toMatchObject({ status: 400 });

    const { body: lines } = await control.call('GET', `/received?format=ndjson&id=${largest}&limit=1`);
    expect(lines).toContain(`"id":${largest},"phone":9007199254740993,`);
    const { body: ids } = await control.call('GET', '/received/ids?format=ndjson');
    expect(ids).toBe(`{"id":${largest},"requests":2,"accepted":1}\n`);
  });

  it('answers 404 without the provider’s error body to other paths and methods', async () => {
    const { port, control } = await simulator();
    for (const [method, path] of [
      ['POST', '/v2/send/1'],
      ['POST', '/'],
      ['GET', '/v1/send/1'],
    ] as const) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      expect(response.status).toBe(404);
      expect(await response.text()).toBe('Not Found\n');
    }
    expect((await control.summary()).requests).toBe(0);
  });

  it('refuses a body above 1 MiB and closes the connection', async () => {
    const { exchange, control } = await simulator();
    const response = await exchange(1, { text: 'x'.repeat(1024 * 1024) });
    expect(response.statusCode).toBe(413);
    expect(response.headers['connection']).toBe('close');
    await response.body.dump();
    expect(await control.received()).toMatchObject([{ id: 1, outcome: 'malformed', status: 413 }]);
  });

  it('takes a body that comes in several parts', async () => {
    const { port, control } = await simulator();
    const socket = await rawConnection(port);
    const body = bodyOf(1);
    socket.write(head(1, body.length) + body.slice(0, 10));
    await eventually('the first part arrives', async () => (await control.state()).inFlight === 1);
    expect((await control.summary()).requests).toBe(0);
    socket.write(body.slice(10));
    await eventually('the message is accepted', async () => (await control.summary()).accepted === 1);
  });

  it('records a request that breaks off inside its body as malformed', async () => {
    const { port, control } = await simulator();
    const socket = await rawConnection(port);
    socket.write(`${head(7, 100)}{"id":7`);
    await eventually('the first part arrives', async () => (await control.state()).inFlight === 1);
    socket.destroy();
    await eventually('the request is recorded', async () => (await control.summary()).requests === 1);
    expect(await control.received()).toMatchObject([{ id: 7, outcome: 'malformed', status: null }]);
    expect((await control.state()).inFlight).toBe(0);
  });

  it('waits latency and jitter before each answer, with the acceptance recorded before', async () => {
    const { send, control } = await simulator();
    await control.behave({ latencyMs: 300, jitterMs: 100 });
    const start = performance.now();
    const answers = Promise.all([1, 2, 3, 4].map((id) => send(id)));
    await eventually('all are recorded', async () => (await control.summary()).accepted === 4);
    expect(await control.state()).toMatchObject({ inFlight: 4, peakInFlight: 4, connections: 4 });

    await answers;
    // Timers may be a millisecond early by this clock.
    expect(performance.now() - start).toBeGreaterThanOrEqual(298);
    expect(await control.state()).toMatchObject({ inFlight: 0, peakInFlight: 4 });
  });

  it('outlives callers that do not wait for their answer, and begins none for them', async () => {
    const { send, control, exchange } = await simulator();
    const setInterval = vi.spyOn(globalThis, 'setInterval');
    onTestFinished(() => setInterval.mockRestore());
    await control.behave({ latencyMs: 400, faults: [{ kind: 'drip', everyMs: 1, ids: [1] }] });
    const abort = new AbortController();
    const given = errorCodeOf(exchange(1, { signal: abort.signal }));
    await eventually('it is recorded', async () => (await control.summary()).accepted === 1);
    abort.abort();
    await given;
    await eventually('it is over', async () => (await control.state()).inFlight === 0);
    // This answer's timer is set after the abandoned one's.
    expect(await send(2)).toEqual(accepted);
    expect(setInterval).not.toHaveBeenCalled();
  });

  it('counts connections, and says which request came on which', async () => {
    const { port, control } = await simulator();
    const body = bodyOf(1);
    for (const requests of [1, 2]) {
      const socket = await rawConnection(port);
      for (let sent = 0; sent < requests; sent += 1) socket.write(head(1, body.length) + body);
    }
    await eventually('all arrive', async () => (await control.summary()).requests === 3);
    const rows = await control.received();
    expect(rows.map((row) => row.connection).toSorted((a, b) => a - b)).toEqual([1, 2, 2]);
    expect((await control.state()).connections).toBe(2);
  });
});
