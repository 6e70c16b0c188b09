import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type OutgoingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { Problem, type ProblemKind } from '#libs/problems';
import { securityHeaders } from './security-headers.js';

const logger = new Logger('Problem');

/** What Node says of a connection whose bytes are no request, or not in time. */
type ConnectionError = Error & { code?: string };

/** Answers for Fastify what reaches no route: bytes that are no request, and requests that do not arrive. */
export function answerUnreadable(error: ConnectionError, socket: Socket): void {
  const { _httpMessage: underWay } = socket as Socket & { _httpMessage?: OutgoingMessage };
  // A reset needs no answer, and after the head of one no other may follow.
  if (error.code === 'ECONNRESET' || !socket.writable || underWay?.headersSent) socket.destroy(error);
  else refuse(socket, problemOf(error));
}

/** Answers CONNECT, on which Node would hang up. Where to is not repeated: it may be anything, a phone as well. */
export function refuseTunnels(server: FastifyInstance): void {
  server.server.on('connect', ({ socket }: IncomingMessage) => {
    refuse(socket, new Problem('method-not-allowed', 'CONNECT is not supported.'), 'allow: GET\r\n');
  });
}

function problemOf({ code = '' }: ConnectionError): Problem {
  const [kind, detail] = reasons.get(code) ?? [
    'invalid-input',
    'The bytes received are not an HTTP/1.1 request.',
  ];
  return new Problem(kind, detail);
}

/** By Node's codes, whose limit is 16 KiB by default. */
const reasons = new Map<string, [ProblemKind, string]>([
  ['ERR_HTTP_REQUEST_TIMEOUT', ['request-timeout', 'The request did not arrive completely in time.']],
  [
    'HPE_HEADER_OVERFLOW',
    ['headers-too-large', 'The request line and the headers together may have at most 16 KiB.'],
  ],
  [
    'HPE_CHUNK_EXTENSIONS_OVERFLOW',
    ['payload-too-large', 'The extensions of a chunk may have at most 16 KiB.'],
  ],
]);

function refuse(socket: Socket, problem: Problem, extraHeaders = ''): void {
  const requestId = randomUUID();
  const { status } = problem;
  const body = JSON.stringify(Object.assign(problem.toDocument(), { requestId }));
  const headers = Object.entries({
    ...securityHeaders,
    date: new Date().toUTCString(),
    'x-request-id': requestId,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.join('')}${extraHeaders}\r\n`;
  logger.log({ requestId, address: socket.remoteAddress, code: status, msg: problem.detail });
  socket.end(head + body, () => socket.destroy());
}
