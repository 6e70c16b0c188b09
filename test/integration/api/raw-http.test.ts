import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from '../../support/api.js';
import { exchange, readAnswer } from '../../support/raw-exchange.js';

/** What no HTTP client would send, byte by byte. */

let api: TestApi;
let port: number;

beforeAll(async () => {
  api = await TestApi.start();
  await api.app.listen(0, '127.0.0.1');
  ({ port } = api.app.getHttpServer().address() as AddressInfo);
});
afterAll(() => api.end());

const LESS = 'a body that is less than announced';
const host = 'Host: 127.0.0.1\r\nConnection: close\r\n';
const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\n${host}${headers}\r\n`;
const post = (headers: string, body: string) =>
  `POST /v1/clients HTTP/1.1\r\n${host}Content-Type: application/json\r\n${headers}\r\n${body}`;
const client = '{"phone":"+79161112233","timezone":"UTC"}';

test.for([
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['HTTP/0.9', 'GET /v1/clients\r\n\r\n'],
  ['an HTTP that does not exist', `GET /v1/clients HTTP/7.3\r\n${host}\r\n`],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['a method that does not exist', `BREW /v1/clients HTTP/1.1\r\n${host}\r\n`],
  ['no host', 'GET /v1/clients HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ['two hosts', get('/v1/clients', 'Host: example.com\r\n')],
  ['a NUL in the path', get('/v1/clients/\0')],
  ['bytes above ASCII in the path', get('/v1/clients/\xff\xfe')],
  ['a path of 20,000 bytes', get(`/v1/clients/${'1'.repeat(20_000)}`)],
  ['a query of 20,000 bytes', get(`/v1/clients?cursor=${'1'.repeat(20_000)}`)],
  ['an absolute address of somewhere else', get('http://example.com/v1/clients')],
  ['a NUL in a header', get('/v1/clients', 'X-Request-Id: a\0b\r\n')],
  ['a line feed in a header', get('/v1/clients', 'X-Request-Id: a\nX: b\r\n')],
  ['a folded header', get('/v1/clients', 'X-Request-Id: a\r\n b\r\n')],
  ['a header of 20,000 bytes', get('/v1/clients', `X-Request-Id: ${'a'.repeat(20_000)}\r\n`)],
  ['1,900 headers', get('/v1/clients', Array.from({ length: 1_900 }, (_, nth) => `h${nth}: 1\r\n`).join(''))],
  ['the same header a hundred times', get('/v1/clients', 'Authorization: Bearer x\r\n'.repeat(100))],
  ['a header without a name', get('/v1/clients', ': x\r\n')],
  ['a length below zero', post('Content-Length: -1\r\n', client)],
  ['a length that is no number', post('Content-Length: 1e3\r\n', client)],
  ['two lengths', post('Content-Length: 5\r\nContent-Length: 6\r\n', client)],
  ['a length above the limit', post('Content-Length: 9007199254740993\r\n', client)],
  ['a length and chunks', post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
  ['an unknown transfer encoding', post('Transfer-Encoding: gzip, x\r\n', client)],
  ['a chunk of no length', post('Transfer-Encoding: chunked\r\n', 'zz\r\n{}\r\n0\r\n\r\n')],
  ['chunks above the limit', post('Transfer-Encoding: chunked\r\n', `200000\r\n${' '.repeat(0x200000)}\r\n`)],
  ['a body that is compressed', post('Content-Encoding: gzip\r\nContent-Length: 5\r\n', '\x1f\x8b\x08\0\0')],
  [LESS, post('Content-Length: 500\r\n', client)],
  ['a protocol to change to', get('/v1/clients/x', 'Upgrade: websocket\r\n')],
  ['a tunnel', `CONNECT example.com:443 HTTP/1.1\r\n${host}\r\n`],
  ['an expectation that nobody has', get('/v1/clients/x', 'Expect: the-unexpected\r\n')],
] as const)('%s is answered at once, changes nothing and breaks nothing', async ([what, bytes]) => {
  const before = await api.snapshot();
  const answer = await exchange(port, Buffer.from(bytes, 'latin1'), { andNoMore: what === LESS });
  expect(answer.slice(0, 300)).toMatch(/^HTTP\/1\.1 [24]\d\d /);
  const { status, headers, body } = readAnswer(answer);
  if (status >= 400) {
    expect(headers.get('content-type'), answer).toMatch(/^application\/problem\+json/);
    expect(JSON.parse(body)).toMatchObject({ status, requestId: headers.get('x-request-id') });
  }
  expect(await api.snapshot()).toEqual(before);
  expect(await exchange(port, Buffer.from(get('/v1/statistics')))).toMatch(/^HTTP\/1\.1 200 /);
});

test('a request that is written in one byte at a time is read like any other', async () => {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  const answered = new Promise<string>((resolve) => {
    let answer = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
    socket.once('close', () => resolve(answer));
  });
  for (const byte of post(`Content-Length: ${client.length}\r\n`, client)) socket.write(byte);
  expect(await answered).toMatch(/^HTTP\/1\.1 201 /);
});
