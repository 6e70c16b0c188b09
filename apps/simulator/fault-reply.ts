import type { ServerResponse } from 'node:http';
import { answerEncoded, encodedBody, inform } from './encoded-reply.js';
import type { Fault } from './fault-schema.js';
import { acceptedReply, answer, providerError, type Reply, success } from './reply.js';

const loginPage =
  '<!doctype html><html><head><title>Sign in</title></head><body><form action="/login" method="post">' +
  '<input name="user"><input name="password" type="password"><button>Sign in</button></form></body></html>\n';

/** Turns a fault into what it does. */
export function replyOf(fault: Fault): Reply {
  const { kind } = fault;
  switch (kind) {
    case 'status':
    case 'acceptThenStatus':
      return answer(fault.status, fault.body === undefined ? providerError(fault.status) : fault.body, {
        fault: kind,
        accepts: kind === 'acceptThenStatus',
        headers: () => fault.headers,
      });
    case 'throttle':
      return answer(fault.status, providerError(fault.status), {
        fault: kind,
        headers: () => ({ 'retry-after': retryAfterOf(fault.retryAfter) }),
      });
    case 'html':
      return answer(200, loginPage, {
        fault: kind,
        accepts: fault.accept,
        headers: () => ({ 'content-type': 'text/html; charset=utf-8' }),
      });
    case 'wrongBody':
      return answer(200, fault.body, { fault: kind, accepts: fault.accept });
    case 'codeBody':
      return answer(200, { code: fault.code, message: fault.message }, { fault: kind });
    case 'redirect':
      return answer(fault.status, null, { fault: kind, headers: () => ({ location: fault.location }) });
    case 'slow':
      return { ...acceptedReply, fault: kind, delayMs: fault.delayMs };
    case 'hang':
    case 'acceptThenHang':
      return silence(fault, kind === 'acceptThenHang', (response) => holdOpen(response, fault.holdMs));
    case 'resetBeforeBody':
      return silence(fault, false, reset);
    case 'resetAfterBody':
      return silence(fault, fault.accept, reset);
    case 'drip':
      return {
        ...acceptedReply,
        fault: kind,
        accepts: fault.accept,
        act: (response) => drip(response, fault.everyMs),
      };
    case 'closeIdle':
      return { ...acceptedReply, fault: kind, act: (response) => answerThenClose(response, fault.afterMs) };
    case 'encoded':
    case 'brokenEncoding':
      return encoded(fault);
    case 'informational':
      return {
        ...acceptedReply,
        fault: kind,
        act: (response) => {
          inform(response, fault.statuses);
          acceptedReply.act(response);
        },
      };
    default:
      return fault satisfies never;
  }
}

function silence(fault: Fault, accepts: boolean, act: Reply['act']): Reply {
  return { fault: fault.kind, accepts, status: 0, delayMs: 0, act };
}

/** Encoded once, and not for each request. */
function encoded(fault: Extract<Fault, { kind: 'encoded' | 'brokenEncoding' }>): Reply {
  const { kind, codings } = fault;
  const whole = encodedBody(success, codings);
  const content = kind === 'encoded' ? whole : whole.subarray(0, -4);
  return {
    ...acceptedReply,
    fault: kind,
    accepts: kind === 'encoded' || fault.accept,
    act: (response) => {
      if (kind === 'encoded') inform(response, fault.informational);
      answerEncoded(response, codings, content);
    },
  };
}

type RetryAfter = Extract<Fault, { kind: 'throttle' }>['retryAfter'];

/** A date in the header has whole seconds, so it is rounded up: never earlier than asked for. */
function retryAfterOf(value: RetryAfter): string {
  if (typeof value !== 'object') return String(value);
  return new Date(Math.ceil((Date.now() + value.dateInMs) / 1_000) * 1_000).toUTCString();
}

function holdOpen(response: ServerResponse, holdMs: number | undefined): void {
  if (holdMs === undefined) return;
  const timer = setTimeout(() => response.destroy(), holdMs);
  response.once('close', () => clearTimeout(timer));
}

/** Sends RST, not FIN. */
function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

/** The headers and their length go out at once, so that only a deadline over the whole answer notices. */
function drip(response: ServerResponse, everyMs: number): void {
  const content = Buffer.from(JSON.stringify(success));
  let written = 0;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': content.length });
  response.flushHeaders();
  const timer = setInterval(() => {
    response.write(content.subarray(written, written + 1));
    written += 1;
    if (written === content.length) response.end();
  }, everyMs);
  // "close" comes after the last byte as well as when the caller gives up.
  response.once('close', () => clearInterval(timer));
}

/** The connection's end may cross the next request on it, which is then lost without an answer. */
function answerThenClose(response: ServerResponse, afterMs: number): void {
  const { socket } = response;
  response.once('finish', () => setTimeout(() => socket?.destroy(), afterMs));
  acceptedReply.act(response);
}
