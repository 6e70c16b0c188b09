import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_ANSWER_BYTES, type Outcome, ProbeClient } from '#libs/providers/kinds';
import { OK } from '../support/provider-contract.js';
import { httpBytes, ScriptedProvider, type Script } from '../support/scripted-provider.js';
import { sentOnce } from '../support/sent-once.js';

const message = (id: number) => ({ id, phone: 79001234567, text: 'Hello' });
const { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } = zlib;
const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Buffer };

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()));
});

async function setup(script: Script, connections = 1) {
  const provider = await ScriptedProvider.start(script);
  const token = 'abcdefghijklmnop';
  const client = new ProbeClient({ url: provider.url, token, connections, timeoutMs: 10_000 });
  endings.push(
    () => provider.stop(),
    () => client.close(),
  );
  return { provider, client };
}

const encoded =
  (coding: string, body: Buffer, status = 200): Script =>
  (socket) =>
    socket.write(httpBytes(status, body, { 'content-encoding': coding }));

/** What one answer came to. */
async function outcomeOf(script: Script): Promise<Outcome> {
  const { provider, client } = await setup(script);
  const { outcome } = await sentOnce(client, message(1));
  expect(provider.received).toHaveLength(1);
  return outcome;
}

describe('An answer in an encoding', () => {
  it('is asked for by nobody', async () => {
    const { provider, client } = await setup(encoded('identity', Buffer.from(OK)));
    await sentOnce(client, message(1));
    expect(provider.received[0]?.headers.get('accept-encoding')).toBe('identity');
  });

  it.each<[string, Buffer]>([
    ['gzip', gzipSync(OK)],
    ['x-gzip', gzipSync(OK)],
    ['GZIP', gzipSync(OK)],
    ['deflate', deflateSync(OK)],
    ['deflate', deflateRawSync(OK)],
    ['br', brotliCompressSync(OK)],
    ['deflate, gzip', gzipSync(deflateSync(OK))],
    ['gzip, identity, br', brotliCompressSync(gzipSync(OK))],
    ['identity', Buffer.from(OK)],
    [' ', Buffer.from(OK)],
  ])('%s (%#) is read', async (coding, body) => {
    expect(await outcomeOf(encoded(coding, body))).toEqual({ kind: 'accepted' });
  });

  it.runIf(zstdCompressSync)('zstd is read where Node has it', async () => {
    expect(await outcomeOf(encoded('zstd', zstdCompressSync!(OK)))).toEqual({ kind: 'accepted' });
  });

  it('in several fields is read', async () => {
    const lines = 'content-encoding: deflate\r\ncontent-encoding: gzip';
    const body = gzipSync(deflateSync(OK));
    const outcome = await outcomeOf((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${lines}\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    expect(outcome).toEqual({ kind: 'accepted' });
  });

  it('that refuses, refuses with its reason', async () => {
    const body = gzipSync('{"code":7,"message":"bad phone"}');
    expect(await outcomeOf(encoded('gzip', body, 422))).toEqual({
      kind: 'refused',
      httpStatus: 422,
      error: 'HTTP 422, code 7: bad phone',
    });
  });

  it('without a body is judged by its status', async () => {
    expect(await outcomeOf(encoded('gzip', Buffer.alloc(0), 401))).toMatchObject({ kind: 'misconfigured' });
    expect(await outcomeOf(encoded('gzip', Buffer.alloc(0)))).toMatchObject({
      kind: 'ambiguous',
      error: 'HTTP 200',
    });
  });

  it.each<[string, string, Buffer, RegExp]>([
    ['cut off', 'gzip', gzipSync(OK).subarray(0, -4), /broken gzip/],
    ['damaged', 'gzip', Buffer.concat([gzipSync(OK).subarray(0, -8), Buffer.alloc(8)]), /broken gzip/],
    ['none at all', 'gzip', Buffer.from(OK), /broken gzip/],
    ['cut off', 'deflate', deflateSync(OK).subarray(0, -4), /broken deflate/],
    ['cut off', 'br', brotliCompressSync(OK).subarray(0, -4), /broken br/],
    ['broken below', 'deflate, gzip', gzipSync(OK), /broken deflate/],
    ['unknown', 'compress', Buffer.from(OK), /unknown encoding, compress/],
    ['unknown by a name of objects', 'constructor', Buffer.from(OK), /unknown encoding, constructor/],
    ['on top of too many', Array(9).fill('gzip').join(), gzipSync(OK), /9 encodings/],
    ['longer than is read', 'gzip', gzipSync(OK.padEnd(MAX_ANSWER_BYTES + 1)), /too long/],
    ['a page', 'gzip', gzipSync('<html>Sign in</html>'), /unexpected body: <html>Sign in/],
  ])(
    'that is %s (%s) leaves the message in doubt, as a wrong body does',
    async (_what, coding, body, why) => {
      expect(await outcomeOf(encoded(coding, body))).toEqual({
        kind: 'ambiguous',
        httpStatus: 200,
        error: expect.stringMatching(why),
      });
    },
  );

  it('that is as long as is read is read', async () => {
    expect(await outcomeOf(encoded('br', brotliCompressSync(OK.padEnd(MAX_ANSWER_BYTES))))).toEqual({
      kind: 'accepted',
    });
  });

  it('is not taken for the same bytes without one, nor the other way round', async () => {
    const body = gzipSync(OK);
    const codings = ['gzip', 'gzip', 'br', '', 'gzip'];
    const { client } = await setup((socket, nth) => encoded(codings[nth - 1] ?? '', body)(socket, nth));
    const kinds: string[] = [];
    for (const id of [1, 2, 3, 4, 5]) kinds.push((await sentOnce(client, message(id))).outcome.kind);
    expect(kinds).toEqual(['accepted', 'accepted', 'ambiguous', 'ambiguous', 'accepted']);
  });

  it('is waited for when the client is closed', async () => {
    const { client } = await setup(encoded('br', brotliCompressSync(OK)));
    let isSettled = false;
    const sent = sentOnce(client, message(1)).then(() => (isSettled = true));
    await client.close();
    await sent;
    expect(isSettled).toBe(true);
  });
});

const widest = { params: { [zlib.constants.BROTLI_PARAM_LGWIN]: 24 } };
const BOMBS: [string, Buffer][] = [
  ['gzip', gzipSync(Buffer.alloc(50_000_000))],
  ['br', brotliCompressSync(Buffer.alloc(100_000_000), widest)],
  ['gzip, gzip', gzipSync(gzipSync(Buffer.alloc(100_000_000)))],
];

describe('A bomb', () => {
  it.each(BOMBS)('in %s leaves the message in doubt', async (coding, bomb) => {
    expect(bomb.length).toBeLessThan(MAX_ANSWER_BYTES);
    expect(await outcomeOf(encoded(coding, bomb))).toMatchObject({
      kind: 'ambiguous',
      error: 'HTTP 200 with a body that is too long',
    });
  });

  // The shortest of several: what else runs on the machine takes its time of both.
  it('does not hold the event loop for the time that decoding it takes', async () => {
    const [, [coding, bomb]] = BOMBS as [unknown, [string, Buffer]];
    const { client } = await setup(encoded(coding, bomb));
    await sentOnce(client, message(1));
    const decoding: number[] = [];
    const held: number[] = [];
    for (const id of [2, 3, 4, 5, 6]) {
      const startedAt = performance.now();
      expect(() => zlib.brotliDecompressSync(bomb, { maxOutputLength: MAX_ANSWER_BYTES })).toThrow(/larger/);
      decoding.push(performance.now() - startedAt);
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      await sentOnce(client, message(id));
      delay.disable();
      held.push(delay.max / 1e6);
    }
    expect(Math.min(...held)).toBeLessThan(Math.min(...decoding) / 2);
  });
});

describe('An answer in another charset', () => {
  it.each<[string, BufferEncoding]>([
    ['application/json; charset=utf-16le', 'utf16le'],
    ['application/json;charset="ISO-8859-1"', 'latin1'],
    ['application/json; charset=made-up', 'utf8'],
  ])('%s is read', async (type, encoding) => {
    const body = Buffer.from('{"code":9,"message":"ungültig"}', encoding);
    expect(await outcomeOf((socket) => socket.write(httpBytes(400, body, { 'content-type': type })))).toEqual(
      {
        kind: 'refused',
        httpStatus: 400,
        error: 'HTTP 400, code 9: ungültig',
      },
    );
  });
});
