import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { requestIdFrom } from '#libs/telemetry';
import { answerWithProblem } from './problem-answer.js';
import { securityHeaders } from './security-headers.js';
import { answerUnreadable } from './unreadable-requests.js';

export interface PortLimits {
  /** Milliseconds in which a request must have arrived as a whole. */
  arrivalMs: number;
  /** Milliseconds without a byte on a connection, such as of an answer that nobody reads, until it is ended. */
  silenceMs: number;
}

/** Options of a Fastify server that waits for no caller beyond the limits and refuses by problem documents alone. */
export function httpPort({ arrivalMs, silenceMs }: PortLimits) {
  return {
    requestTimeout: arrivalMs,
    http: arrival(arrivalMs),
    connectionTimeout: silenceMs,
    genReqId: (request: IncomingMessage) => requestIdFrom(request.headers['x-request-id']),
    // What the router itself refuses reaches no hook and no filter.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      addOwnHeaders(request, reply);
      answerWithProblem(error, request, reply);
    },
    clientErrorHandler: answerUnreadable,
  };
}

/** The headers of every answer. */
export function addOwnHeaders({ id }: FastifyRequest, reply: FastifyReply): void {
  void reply.headers({ ...securityHeaders, 'x-request-id': id });
}

/**
 * Node's own settings of a server. It looks for what is late only now and then, by default each 30 s, and gives headers
 * a minute whatever the request as a whole has. A missing Host it would answer by itself.
 */
function arrival(limitMs: number) {
  return {
    headersTimeout: limitMs,
    requestTimeout: limitMs,
    connectionsCheckingInterval: Math.min(1_000, limitMs / 10),
    requireHostHeader: false,
  };
}
