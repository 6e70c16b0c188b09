import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { ProbeClient, type ProbeClientOptions } from '#libs/providers/kinds';
import { OK } from '../support/provider-contract.js';
import { httpAnswer, idOf, ScriptedProvider, type Script } from '../support/scripted-provider.js';
import { sentOnce } from '../support/sent-once.js';
import { StalledListener } from '../support/stalled-listener.js';

const answers200: Script = (socket) => socket.write(httpAnswer(200, OK));
const message = (id: number) => ({ id, phone: 79001234567, text: 'Hello' });

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()));
});

function clientOf(url: string, options: Partial<ProbeClientOptions> = {}): ProbeClient {
  const client = new ProbeClient({
    url,
    token: 'abcdefghijklmnop',
    connections: 1,
    timeoutMs: 10_000,
    ...options,
  });
  endings.push(() => client.close());
  return client;
}

async function setup(script: Script, options: Partial<ProbeClientOptions> = {}) {
  const provider = await ScriptedProvider.start(script);
  endings.push(() => provider.stop());
  return { provider, client: clientOf(provider.url, options) };
}

async function stalledListener(): Promise<StalledListener> {
  const listener = await StalledListener.start();
  endings.push(() => listener.stop());
  return listener;
}

describe('A kept-alive connection', () => {
  it('serves one message after another', async () => {
    const { provider, client } = await setup(answers200);
    for (const id of [1, 2, 3]) await sentOnce(client, message(id));
    expect(provider.received.map(idOf)).toEqual([1, 2, 3]);
    expect(provider.connections).toBe(1);
  });

  it.each<[string, Script]>([
    ['closed', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ])('that is %s on its second request is ambiguous, and the request is not repeated', async (_how, end) => {
    const { provider, client } = await setup((socket, nth) => (nth === 2 ? end : answers200)(socket, nth));
    expect((await sentOnce(client, message(1))).outcome.kind).toBe('accepted');
    expect((await sentOnce(client, message(2))).outcome.kind).toBe('ambiguous');
    expect((await sentOnce(client, message(3))).outcome.kind).toBe('accepted');
    expect(provider.received.map(idOf)).toEqual([1, 2, 3]);
  });

  it('that is closed right behind each answer never doubles a message nor loses one unsaid', async () => {
    const { provider, client } = await setup((socket) => socket.end(httpAnswer(200, OK)), { connections: 8 });
    const accepted: number[] = [];
    let next = 0;
    const lane = async () => {
      while (next < 400) {
        const id = (next += 1);
        const { outcome } = await sentOnce(client, message(id));
        if (outcome.kind === 'accepted') accepted.push(id);
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    const seen = provider.received.map(idOf);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(accepted));
    expect(accepted.length).toBeGreaterThan(0);
  });

  it('is never shared with the late answer to another message', async () => {
    const { provider, client } = await setup((socket, nth) => {
      if (nth === 2) answers200(socket, nth);
    });
    expect((await sentOnce(client, message(1), { timeoutMs: 100 })).outcome.kind).toBe('ambiguous');
    expect((await sentOnce(client, message(2))).outcome.kind).toBe('accepted');
    expect(provider.connections).toBe(2);
  });
});

describe('A request without a free connection', () => {
  it('is not sent when its time runs out, and does not follow later', async () => {
    const { provider, client } = await setup((socket, nth) => {
      if (nth > 1) answers200(socket, nth);
    });
    const [hanging, queued, patient] = await Promise.all([
      sentOnce(client, message(1), { timeoutMs: 300 }),
      sentOnce(client, message(2), { timeoutMs: 100 }),
      sentOnce(client, message(3)),
    ]);
    expect(hanging.outcome).toMatchObject({ kind: 'ambiguous', error: 'timed out after 300 ms' });
    expect(queued.outcome).toEqual({ kind: 'notSent', error: 'no connection within 100 ms' });
    expect(patient.outcome).toEqual({ kind: 'accepted' });
    expect(provider.received.map(idOf)).toEqual([1, 3]);
  });

  it('is not sent once its latest start has passed, and does not follow later', async () => {
    const { provider, client } = await setup((socket, nth) => {
      if (nth > 1) answers200(socket, nth);
    });
    const [, queued] = await Promise.all([
      sentOnce(client, message(1), { timeoutMs: 300 }),
      sentOnce(client, message(2), { deadline: performance.now() + 100 }),
    ]);
    expect(queued.outcome).toEqual({
      kind: 'notSent',
      withdrawn: true,
      error: 'its latest start had passed',
    });
    expect(queued.latencyMs).toBeLessThan(290);
    await sentOnce(client, message(3));
    expect(provider.received.map(idOf)).toEqual([1, 3]);
  });
});

describe('A request that is called off', () => {
  it('is not written when that happens while its connection is being made', async () => {
    const { provider, client } = await setup(answers200);
    let calledOff = false;
    const sending = sentOnce(client, message(1), { mayStart: () => !calledOff });
    calledOff = true;
    expect((await sending).outcome).toMatchObject({ kind: 'notSent', withdrawn: true });
    await sentOnce(client, message(2), { mayStart: () => true });
    expect(provider.received.map(idOf)).toEqual([2]);
  });
});

describe('The latest start of a request', () => {
  it('drops one that comes after it', async () => {
    const { provider, client } = await setup(answers200);
    const { outcome } = await sentOnce(client, message(1), { deadline: performance.now() - 1 });
    expect(outcome).toMatchObject({ kind: 'notSent', withdrawn: true });
    await sentOnce(client, message(2));
    expect(provider.received.map(idOf)).toEqual([2]);
  });

  it('does not cut off one that is waiting for its answer', async () => {
    const { client } = await setup((socket, nth) => {
      setTimeout(() => answers200(socket, nth), nth === 1 ? 0 : 400);
    });
    await sentOnce(client, message(1)); // Now there is a connection, and the next one starts at once.
    const latestStart = performance.now() + 300;
    const { outcome } = await sentOnce(client, message(2), { deadline: latestStart });
    expect(performance.now()).toBeGreaterThan(latestStart);
    expect(outcome.kind).toBe('accepted');
  });
});

describe('A provider that takes no connection', () => {
  it('gets nothing within the deadline', async () => {
    const listener = await stalledListener();
    await listener.fill();
    const { outcome } = await sentOnce(clientOf(listener.url), message(1), { timeoutMs: 200 });
    expect(outcome).toEqual({ kind: 'notSent', error: 'no connection within 200 ms' });
  });

  it('frees the place for the next message long before a long deadline', async () => {
    const listener = await stalledListener();
    await listener.fill();
    const { outcome, latencyMs } = await sentOnce(clientOf(listener.url, { timeoutMs: 60_000 }), message(1));
    expect(outcome).toMatchObject({ kind: 'notSent', error: expect.stringMatching(/connect timeout/i) });
    expect(latencyMs).toBeLessThan(10_000);
  });

  it('gives a connection that came too late for its message to the next one', async () => {
    const listener = await stalledListener();
    await listener.fill();
    const client = clientOf(listener.url);
    expect((await sentOnce(client, message(1), { timeoutMs: 200 })).outcome.kind).toBe('notSent');
    const second = sentOnce(client, message(2));
    listener.proceed();
    expect((await second).outcome).toEqual({ kind: 'accepted' });
    expect((await sentOnce(client, message(3))).outcome).toEqual({ kind: 'accepted' });
    expect(listener.requests).toEqual(['POST /v1/send/2 HTTP/1.1', 'POST /v1/send/3 HTTP/1.1']);
    expect(listener.connections).toBe(2 + 1);
  });
});

describe('A process that stood still', () => {
  it('still takes an answer that came in time', async () => {
    const listener = await stalledListener();
    listener.proceed();
    const client = clientOf(listener.url);
    await sentOnce(client, message(1));
    listener.pause();
    const sending = sentOnce(client, message(2), { timeoutMs: 800 });
    await listener.request(2);
    listener.proceed();
    // Nothing of this thread runs until the deadline has long passed.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_200);
    expect((await sending).outcome).toEqual({ kind: 'accepted' });
  });
});

describe('Closing the client', () => {
  it('waits for the answer that is under way, and sends nothing more', async () => {
    const requests = new EventEmitter();
    const { provider, client } = await setup((socket, nth) => requests.emit('request', socket, nth));
    const arrived = once(requests, 'request');
    const sending = sentOnce(client, message(1));
    const [socket, nth] = await arrived;
    const closed = client.close();
    expect((await sentOnce(client, message(2))).outcome).toMatchObject({ kind: 'notSent', withdrawn: true });
    answers200(socket, nth);
    expect((await sending).outcome).toEqual({ kind: 'accepted' });
    await closed;
    await client.close();
    expect(provider.received.map(idOf)).toEqual([1]);
  });

  it('takes no longer than the deadline of an answer that never comes', async () => {
    const { client } = await setup(() => undefined, { timeoutMs: 200 });
    const sending = sentOnce(client, message(1));
    await client.close();
    expect((await sending).outcome.kind).toBe('ambiguous');
  });
});

describe('A client', () => {
  it.each([
    ['http://127.0.0.1/?key=1', 'abcdefghijklmnop', /URL/],
    ['http://127.0.0.1/#x', 'abcdefghijklmnop', /URL/],
    ['http://127.0.0.1/', 'two words', /token/],
    ['http://127.0.0.1/', 'line\r\nbreak', /token/],
  ])('is not made for %s with the token %j, and does not show it', (url, token, reason) => {
    const make = () => new ProbeClient({ url, token, connections: 1, timeoutMs: 1_000 });
    expect(make).toThrow(reason);
    expect(make).not.toThrow(token);
  });
});
