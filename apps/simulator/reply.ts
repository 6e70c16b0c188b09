import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { FaultKind } from './fault-schema.js';

/** What happens to one request once it is decided. */
export interface Reply {
  /** The fault that this is, null for what a provider in order does. */
  readonly fault: FaultKind | null;
  /** Whether the provider takes the message, whatever it answers. */
  readonly accepts: boolean;
  /** The answer's status code; 0 when there is none. */
  readonly status: number;
  /** Milliseconds added to the behaviour's latency. */
  readonly delayMs: number;
  /** Answers, or does what is done instead. The connection is open when it is called. */
  readonly act: (response: ServerResponse) => void;
}

/** An answer's body: JSON for objects and arrays, plain text for a string, nothing for null. */
export type ReplyBody = object | string | null;

interface AnswerOptions {
  readonly fault?: FaultKind;
  readonly accepts?: boolean;
  /** Headers of this answer, asked for at each request; they replace the content headers of that name. */
  readonly headers?: () => Record<string, string>;
}

/** The body of an answer that takes the message. */
export const success = { code: 0, message: 'OK' };

/** What the contract says that a provider answers when it takes a message. */
export const acceptedReply = answer(200, success, { accepts: true });
/** Answers to a request of an id that was accepted before, without accepting it again. */
export const duplicateReplies = {
  ok: answer(200, success),
  conflict: answer(409, { code: 409, message: 'already have this id' }),
} as const;
export const unauthorizedReply = answer(401, providerError(401));
export const notFoundReply = answer(404, 'Not Found\n');

export const bodyTooLargeReply = answer(413, providerError(413), {
  headers: () => ({ connection: 'close' }),
});

/** Answers a request that breaks the contract; `reason` says how. */
export function malformedReply(reason: string): Reply {
  return answer(400, { code: 400, message: reason });
}

/** The provider's own error body for a status code. */
export function providerError(status: number): object {
  return { code: status, message: STATUS_CODES[status] ?? 'Unknown' };
}

/** Makes a whole answer. Its headers are laid out once: they cost more than the rest of a request. */
export function answer(status: number, body: ReplyBody, options: AnswerOptions = {}): Reply {
  const { type, content } = encode(status === 204 || status === 304 ? null : body);
  const length =
    status === 204 || status === 304 ? [] : ['content-length', String(Buffer.byteLength(content))];
  const fixed = [...(type === null ? [] : ['content-type', type]), ...length];
  const { headers } = options;
  const headersNow = headers === undefined ? () => fixed : () => replaced(fixed, headers());
  return {
    fault: options.fault ?? null,
    accepts: options.accepts ?? false,
    status,
    delayMs: 0,
    act: (response) => {
      response.writeHead(status, headersNow());
      response.end(content);
    },
  };
}

function encode(body: ReplyBody): { type: string | null; content: string } {
  if (body === null) return { type: null, content: '' };
  if (typeof body === 'string') return { type: 'text/plain; charset=utf-8', content: body };
  return { type: 'application/json', content: JSON.stringify(body) };
}

/** Header lists are flat: name, value, name, value. */
function replaced(fixed: readonly string[], given: Record<string, string>): string[] {
  const byName = new Map<string, string>();
  for (let index = 0; index + 1 < fixed.length; index += 2) byName.set(fixed[index]!, fixed[index + 1]!);
  for (const [name, value] of Object.entries(given)) byName.set(name.toLowerCase(), value);
  return [...byName].flat();
}
