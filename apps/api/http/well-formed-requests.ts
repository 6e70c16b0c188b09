import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '#libs/problems';

/**
 * Refuses requests that break the rules of HTTP in a way that Node lets pass, or would answer without a problem. Add it
 * before the routes.
 */
export function refuseMalformedRequests(server: FastifyInstance): void {
  // Otherwise Node answers by itself, with an empty 417.
  server.server.on('checkExpectation', (request, response) => {
    server.server.emit('request', request, response);
  });
  server.addHook('onRequest', (request, _reply, done) => done(wrongRequest(request)));
}

/** Needs no look at each part of it: percent signs and whatever is not printable ASCII. */
const worthALook = /[^!-~]|%/;

function wrongRequest({ raw, headers }: FastifyRequest): Problem | undefined {
  if (headers.host === undefined && raw.httpVersion === '1.1') {
    return Problem.invalid([{ path: 'Host', message: 'is missing: HTTP/1.1 requires this header' }]);
  }
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
    return new Problem('expectation-failed', 'The Expect header may only be 100-continue.');
  }
  if (raw.url !== undefined && worthALook.test(raw.url) && !isUtf8(raw.url)) {
    return new Problem('invalid-input', 'The URL must be UTF-8, with each byte above ASCII percent-encoded.');
  }
  return undefined;
}

function isUtf8(address: string): boolean {
  // Node reads each byte as a character: what is above ASCII was not encoded.
  if (/[^!-~]/.test(address)) return false;
  try {
    decodeURIComponent(address);
    return true;
  } catch {
    return false;
  }
}
