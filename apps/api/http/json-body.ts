import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { requireFewValues } from '#libs/payloads';
import { Problem } from '#libs/problems';

/** Bytes. */
export const BODY_LIMIT = 1_048_576;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Makes plain JSON the only kind of body there is: any other content type, and whatever is compressed, is refused as
 * unsupported.
 */
export function acceptJsonOnly(server: FastifyInstance): void {
  server.addHook('onRequest', ({ headers }, reply, done) => {
    const coding = headers['content-encoding'];
    if (coding === undefined || coding.toLowerCase() === 'identity') return done();
    void reply.header('accept-encoding', 'identity');
    done(new Problem('unsupported-media-type', 'Send the body uncompressed, without a Content-Encoding.'));
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    const parsed = parseJson(body);
    if (parsed instanceof Problem) done(parsed);
    else done(null, parsed);
  });
}

/**
 * Parses a body. Nothing is undefined, since many clients announce JSON with every request; bytes that are not
 * UTF-8 are refused rather than replaced. What the JSON says is judged by whoever needs it.
 */
function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    requireFewValues(body);
    // The decoder is the slower one, and is there for what is wrong and for what begins with a byte order mark.
    return JSON.parse(isUtf8(body) && body[0] !== 0xef ? body.toString() : utf8.decode(body));
  } catch (error) {
    if (error instanceof Problem) return error;
    const message =
      error instanceof SyntaxError ? `is not valid JSON: ${error.message}` : 'is not valid UTF-8';
    return Problem.invalid([{ path: '', message }]);
  }
}
