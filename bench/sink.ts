import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { SinkOrder, SinkReport } from './sink-process.js';

/**
 * A provider that costs as little as one in Node can: it reads no more of a request than its first line and its
 * length, and takes everything. A process of its own, so that both sides of a comparison pay the same for it.
 */
const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 25\r\n\r\n{"code":0,"message":"OK"}',
);
const END_OF_HEAD = '\r\n\r\n';
const LENGTH = 'content-length: ';
/** Bits for ids up to 2^26. */
const seen = new Uint8Array(1 << 23);

let latencyMs = 0;
let report: SinkReport = emptyReport();

function emptyReport(): SinkReport {
  return { requests: 0, duplicates: 0, firstAt: 0, lastAt: 0, thousandthsAt: [] };
}

/** The bytes of the request at the beginning of `bytes`; 0 when it is not whole yet. */
function lengthOf(bytes: Buffer): number {
  const head = bytes.indexOf(END_OF_HEAD);
  if (head < 0) return 0;
  const at = bytes.indexOf(LENGTH);
  if (at < 0 || at > head) throw new Error('a request without a length');
  let body = 0;
  for (let index = at + LENGTH.length; bytes[index] !== 13; index += 1)
    body = body * 10 + (bytes[index] ?? 0) - 48;
  const length = head + END_OF_HEAD.length + body;
  return bytes.length < length ? 0 : length;
}

/** `POST /v1/send/<id> HTTP/1.1`: the digits before the first space behind the method. */
function idOf(bytes: Buffer): number {
  let id = 0;
  for (let index = '/v1/send/'.length + 5; bytes[index] !== 32; index += 1)
    id = id * 10 + (bytes[index] ?? 0) - 48;
  return id;
}

function note(id: number): void {
  const now = Date.now();
  if (report.requests === 0) report.firstAt = now;
  report.lastAt = now;
  report.requests += 1;
  if (report.requests % 1_000 === 0) report.thousandthsAt.push(now);
  const [byte, bit] = [id >> 3, 1 << (id & 7)];
  if (((seen[byte] ?? 0) & bit) !== 0) report.duplicates += 1;
  else seen[byte] = (seen[byte] ?? 0) | bit;
}

function serve(socket: Socket): void {
  let waiting: Buffer | undefined;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    let bytes = waiting ? Buffer.concat([waiting, chunk]) : chunk;
    for (let length = lengthOf(bytes); length > 0; length = lengthOf(bytes)) {
      note(idOf(bytes));
      if (latencyMs === 0) socket.write(answer);
      else setTimeout(() => socket.write(answer), latencyMs);
      bytes = bytes.subarray(length);
    }
    waiting = bytes.length > 0 ? bytes : undefined;
  });
}

process.on('message', (order: SinkOrder) => {
  if (order.type === 'report') process.send?.(report);
  else {
    latencyMs = order.latencyMs;
    report = emptyReport();
    seen.fill(0);
    process.send?.(report);
  }
});
process.once('disconnect', () => process.exit(0));
const server = createServer(serve);
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
