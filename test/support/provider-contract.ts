import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { Delivery, Outcome, SendOptions, SendRequest } from '#libs/providers/kinds';
import { httpAnswer, httpBytes, idOf, portOf, ScriptedProvider, type Script } from './scripted-provider.js';

/** What every kind of provider client can do. */
export interface ContractClient {
  send(request: SendRequest, options?: SendOptions): Promise<Delivery>;
  close(): Promise<void>;
}

/** Makes a client of the kind under test, with the time a request may take in all, in ms. */
export type MakeClient = (url: string, timeoutMs: number) => ContractClient;

export const OK = '{"code":0,"message":"OK"}';
const OWN_ERROR = '{"code":7,"message":"bad phone"}';
const PAGE = '<html>Sign in</html>';
const MESSAGE: SendRequest = { id: 7, phone: 79001234567, text: 'Hello "you"\n\u{1f600}' };

/** Generous where an answer is expected, so that a busy machine decides nothing. */
const PATIENT_MS = 10_000;
/** Short where the time is meant to run out. */
const IMPATIENT_MS = 150;

const GO_AHEAD = 'HTTP/1.1 100 Continue\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n';

const answering =
  (status: number, body: string, headers?: Record<string, string>): Script =>
  (socket) =>
    socket.write(httpAnswer(status, body, headers));

const ANSWERS: [string, Script, Partial<Outcome>][] = [
  ['200 with the expected body', answering(200, OK), { kind: 'accepted' }],
  ['200 after early hints', after(HINTS), { kind: 'accepted' }],
  ['200 after a go-ahead', after(GO_AHEAD), { kind: 'accepted' }],
  ['200 after three of both', after(GO_AHEAD + HINTS + GO_AHEAD), { kind: 'accepted' }],
  [
    '200 byte by byte after both',
    (socket) => void dripped(socket, GO_AHEAD + HINTS + httpAnswer(200, OK)),
    { kind: 'accepted' },
  ],
  [
    '200 with a page that looks like a go-ahead',
    sendGoAheadAsBody,
    { kind: 'ambiguous', error: 'HTTP 200 with an unexpected body: HTTP/1.1 100 Continue' },
  ],
  ['200 in gzip after both', sendGzipAfterHints, { kind: 'accepted' }],
  ['400 after a go-ahead', after(GO_AHEAD, httpAnswer(400, OWN_ERROR)), { kind: 'refused' }],
  ['200 byte by byte', (socket) => void dripped(socket, httpAnswer(200, OK)), { kind: 'accepted' }],
  ['200 in chunks', sendChunked, { kind: 'accepted' }],
  ['200 behind a byte order mark', answering(200, `\ufeff${OK}`), { kind: 'accepted' }],
  ['200 and the end of the connection', answering(200, OK, { connection: 'close' }), { kind: 'accepted' }],
  ['409 for an id it has', answering(409, OWN_ERROR), { kind: 'accepted' }],
  ['400 with its own body', answering(400, OWN_ERROR), { kind: 'refused', httpStatus: 400 }],
  ['404 with its own body', answering(404, OWN_ERROR), { kind: 'refused', httpStatus: 404 }],
  ['200 with an error code', answering(200, OWN_ERROR), { kind: 'notNow', httpStatus: 200 }],
  ['429', answering(429, ''), { kind: 'throttled', retryAfterMs: undefined }],
  [
    '429 with seconds',
    answering(429, '', { 'Retry-After': '2' }),
    { kind: 'throttled', retryAfterMs: 2_000 },
  ],
  [
    '429 with a date',
    answering(429, '', {
      date: 'Sat, 22 Nov 2025 10:00:00 GMT',
      'retry-after': 'Sat, 22 Nov 2025 10:01:00 GMT',
    }),
    { kind: 'throttled', retryAfterMs: 60_000 },
  ],
  [
    '429 with nonsense',
    answering(429, '', { 'retry-after': 'NaN' }),
    { kind: 'throttled', retryAfterMs: undefined },
  ],
  [
    '503 with seconds',
    answering(503, PAGE, { 'retry-after': '1' }),
    { kind: 'throttled', retryAfterMs: 1_000 },
  ],
  ['401', answering(401, OWN_ERROR), { kind: 'misconfigured', httpStatus: 401 }],
  ['403', answering(403, PAGE), { kind: 'misconfigured', httpStatus: 403 }],
  ['404 of a web server', answering(404, PAGE), { kind: 'misconfigured', httpStatus: 404 }],
  ['404 with a huge page', sendHugePage(404), { kind: 'misconfigured', httpStatus: 404 }],
  ['302', answering(302, PAGE, { location: '/' }), { kind: 'misconfigured', httpStatus: 302 }],
  ['200 with a page', answering(200, PAGE), { kind: 'ambiguous', httpStatus: 200 }],
  ['200 with other JSON', answering(200, '{"id":7}'), { kind: 'ambiguous', httpStatus: 200 }],
  ['200 with a huge page', sendHugePage(200), { kind: 'ambiguous', httpStatus: 200 }],
  ['408', answering(408, ''), { kind: 'ambiguous', httpStatus: 408 }],
  ['500', answering(500, OWN_ERROR), { kind: 'ambiguous', httpStatus: 500 }],
  ['502', answering(502, PAGE), { kind: 'ambiguous', httpStatus: 502 }],
  ['503', answering(503, PAGE), { kind: 'ambiguous', httpStatus: 503 }],
  ['504', answering(504, PAGE), { kind: 'ambiguous', httpStatus: 504 }],
  ['something that is not HTTP', (socket) => socket.write('SSH-2.0-x\r\n\r\n'), { kind: 'ambiguous' }],
  ['nothing, and closes', (socket) => socket.end(), { kind: 'ambiguous' }],
  ['nothing, and resets', (socket) => socket.resetAndDestroy(), { kind: 'ambiguous' }],
  ['half of it, and closes', (socket) => socket.end(half()), { kind: 'ambiguous', httpStatus: 200 }],
];

const NEVER_ENDING: [string, Script][] = [
  ['hangs', () => undefined],
  ['hangs in the middle of its answer', (socket) => socket.write(half())],
  ['drips headers', (socket) => void dripped(socket, `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(10_000)}`)],
  // All but its last byte.
  ['drips its body', (socket) => void dripped(socket, httpAnswer(200, ' '.repeat(10_000)).slice(0, -1))],
];

/** The behaviours that the dispatcher relies on, against a provider on real sockets. */
export function describeProviderContract(kind: string, makeClient: MakeClient): void {
  const endings: (() => Promise<unknown>)[] = [];
  const setup = async (script: Script, timeoutMs = PATIENT_MS, path = '') => {
    let hangsUp: () => void;
    const hungUp = new Promise<void>((resolve) => {
      hangsUp = resolve;
    });
    const provider = await ScriptedProvider.start((socket, nth) => {
      if (nth === 1) socket.once('close', hangsUp);
      script(socket, nth);
    });
    const client = makeClient(provider.url + path, timeoutMs);
    endings.push(
      () => provider.stop(),
      () => client.close(),
    );
    return { provider, client, hungUp };
  };
  afterEach(async () => {
    await Promise.all(endings.splice(0).map((end) => end()));
  });

  describe(`${kind} sends`, () => {
    it.each(['', '/', '/sms/eu', '/sms/eu/'])(
      'the probe contract under a base path of "%s"',
      async (path) => {
        const { provider, client } = await setup(answering(200, OK), PATIENT_MS, path);
        expect((await client.send(MESSAGE)).outcome).toEqual({ kind: 'accepted' });
        const [request] = provider.received;
        expect(request?.requestLine).toBe(`POST ${path.replace(/\/$/, '')}/v1/send/7 HTTP/1.1`);
        expect(request?.headers.get('authorization')).toMatch(/^Bearer \S+$/);
        expect(request?.headers.get('content-type')).toBe('application/json');
        expect(JSON.parse(request?.body ?? '')).toEqual(MESSAGE);
      },
    );

    it('each message with its own text', async () => {
      const { provider, client } = await setup(answering(200, OK));
      for (let id = 1; id <= 150; id += 1) await client.send({ id, phone: id, text: `text ${id % 75}` });
      const bodies: unknown[] = provider.received.map(({ body }) => JSON.parse(body));
      expect(bodies).toEqual(
        bodies.map((_, n) => ({ id: n + 1, phone: n + 1, text: `text ${(n + 1) % 75}` })),
      );
    });
  });

  describe(`${kind}, when the provider answers`, () => {
    it.each(ANSWERS)('%s: sends once and tells what it means', async (_what, script, expected) => {
      const { provider, client } = await setup(script);
      const { outcome, latencyMs } = await client.send(MESSAGE);
      expect(outcome).toMatchObject(expected);
      expect(provider.received).toHaveLength(1);
      expect(latencyMs).toBeGreaterThan(0);
      expect(latencyMs).toBeLessThan(PATIENT_MS);
    });

    it('one thing after another, judges each by itself', async () => {
      const scripts = [200, 500, 200, 409, 200].map((status) => answering(status, OK));
      const { client } = await setup((socket, nth) => scripts[nth - 1]?.(socket, nth));
      const kinds: string[] = [];
      for (const id of [1, 2, 3, 4, 5]) kinds.push((await client.send({ ...MESSAGE, id })).outcome.kind);
      expect(kinds).toEqual(['accepted', 'ambiguous', 'accepted', 'accepted', 'accepted']);
    });

    it.each(NEVER_ENDING)('and %s: gives up at the deadline and hangs up', async (_what, script) => {
      const { provider, client, hungUp } = await setup(script, IMPATIENT_MS);
      const { outcome, latencyMs } = await client.send(MESSAGE);
      expect(outcome).toMatchObject({
        kind: 'ambiguous',
        error: expect.stringMatching(/timed out after 150 ms$/),
      });
      expect(latencyMs).toBeGreaterThanOrEqual(IMPATIENT_MS);
      await hungUp;
      expect(provider.received.map(idOf)).toEqual([7]);
    });

    it('without an end, hangs up', async () => {
      const { provider, client, hungUp } = await setup(sendHugePage(200));
      await client.send(MESSAGE);
      await hungUp;
      expect(provider.received.map(idOf)).toEqual([7]);
    });
  });

  describe(`${kind}, when the provider can't be reached`, () => {
    it('calls a refused connection not sent', async () => {
      const { provider, client } = await setup(answering(200, OK));
      const { port } = provider;
      endings.shift();
      await provider.stop();
      expect((await client.send(MESSAGE)).outcome).toEqual({
        kind: 'notSent',
        error: `ECONNREFUSED 127.0.0.1:${port}`,
      });
    });

    it('calls an unknown host not sent', async () => {
      const client = makeClient('http://provider.invalid', PATIENT_MS);
      endings.push(() => client.close());
      expect((await client.send(MESSAGE)).outcome.kind).toBe('notSent');
    });

    it('calls a failed TLS handshake not sent', async () => {
      const server = createServer((socket) =>
        socket
          .on('error', () => undefined)
          .resume()
          .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      ).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = makeClient(`https://127.0.0.1:${portOf(server)}`, PATIENT_MS);
      endings.push(
        () => client.close(),
        () => once(server.close(), 'close'),
      );
      const { outcome } = await client.send(MESSAGE);
      expect(outcome).toMatchObject({ kind: 'notSent', error: expect.stringMatching(/^ERR_SSL|^EPROTO/) });
    });
  });
}

function half(): string {
  return httpAnswer(200, OK).slice(0, -5);
}

/** In one piece, with what is not the answer itself. */
function after(heads: string, answer = httpAnswer(200, OK)): Script {
  return (socket) => socket.write(heads + answer);
}

function sendGzipAfterHints(socket: Socket): void {
  socket.write(GO_AHEAD + HINTS);
  socket.write(httpBytes(200, gzipSync(OK), { 'content-encoding': 'gzip' }));
}

/** In a segment of its own. */
function sendGoAheadAsBody(socket: Socket): void {
  const answer = httpAnswer(200, GO_AHEAD);
  socket.setNoDelay(true);
  socket.write(answer.slice(0, -GO_AHEAD.length), () => setImmediate(() => socket.write(GO_AHEAD)));
}

function sendChunked(socket: Socket): void {
  const chunks = [OK.slice(0, 9), OK.slice(9)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
  socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`);
}

/** As long as anyone reads: the answer itself never ends. */
function sendHugePage(status: number): Script {
  return (socket) => {
    const page = ' '.repeat(100_000);
    const pour = () => {
      while (socket.writable && socket.write(page));
    };
    socket.on('drain', pour).write(`HTTP/1.1 ${status} Status\r\ncontent-length: 1000000000000\r\n\r\n`);
    pour();
  };
}

/** Writes one byte after another, each in a segment of its own, until all is written or nobody listens. */
async function dripped(socket: Socket, text: string): Promise<void> {
  socket.setNoDelay(true);
  for (const byte of Buffer.from(text)) {
    if (!socket.writable) return;
    await new Promise((written) => socket.write(Uint8Array.of(byte), written));
    await new Promise((turn) => setImmediate(turn));
  }
}
