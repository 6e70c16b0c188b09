import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { Coding, InformationalStatus } from './fault-schema.js';

/** `rawDeflate` is told as deflate, as servers do that leave zlib's header out. */
const ENCODERS: Readonly<Record<Coding, (plain: Buffer) => Buffer>> = {
  gzip: (plain) => gzipSync(plain),
  'x-gzip': (plain) => gzipSync(plain),
  deflate: (plain) => deflateSync(plain),
  rawDeflate: (plain) => deflateRawSync(plain),
  br: (plain) => brotliCompressSync(plain),
};

/** A body in codings, each on top of the one before. */
export function encodedBody(body: object, codings: readonly Coding[]): Buffer {
  return codings.reduce<Buffer>(
    (plain, coding) => ENCODERS[coding](plain),
    Buffer.from(JSON.stringify(body)),
  );
}

/** Answers 200 with an encoded body. */
export function answerEncoded(response: ServerResponse, codings: readonly Coding[], content: Buffer): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-encoding': codings.map((coding) => (coding === 'rawDeflate' ? 'deflate' : coding)).join(', '),
    'content-length': content.length,
  });
  response.end(content);
}

/** Sends what comes before an answer. */
export function inform(response: ServerResponse, statuses: readonly InformationalStatus[]): void {
  for (const status of statuses) {
    if (status === 100) response.writeContinue();
    else if (status === 102) response.writeProcessing();
    else response.writeEarlyHints({ link: '</docs>; rel=help' });
  }
}
