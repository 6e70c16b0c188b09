import type { FastifyInstance, RouteHandlerMethod } from 'fastify';
import { Problem } from '#libs/problems';

/** What keeps the process's memory within bounds, whatever its callers do and however Postgres hangs. */
export interface HttpLimits {
  /** Connections at one time; a further one is closed at once. A body of 1 MiB may be under way on each. */
  connections: number;
  /** Requests for resources that are worked on at one time; a further one is answered with 503. */
  requestsAtOnce: number;
  /** Milliseconds without a byte on a connection, such as of an answer that nobody reads, until it is ended. */
  silenceMs: number;
  /** Milliseconds in which a request must have arrived as a whole. */
  arrivalMs: number;
}

/** 500 requests are a second or two of work for ten connections to Postgres. */
export const HTTP_LIMITS: HttpLimits = {
  connections: 1_000,
  requestsAtOnce: 500,
  silenceMs: 120_000,
  arrivalMs: 30_000,
};

/** Ends connections beyond the limit as they come. */
export function limitConnections(server: FastifyInstance, connections: number): void {
  server.server.maxConnections = connections;
}

const resource = /^\/v1\//;

/**
 * Refuses requests while too many are being worked on. What is counted is the work, which goes on when the
 * caller has left. Health, metrics and docs are always answered. Around the handlers rather than an
 * interceptor, which would cost each request a good part of what the framework costs in all. Add it before the
 * routes.
 */
export function limitRequests(server: FastifyInstance, atOnce: number): void {
  const counted = new WeakSet<RouteHandlerMethod>();
  let working = 0;
  const ended = () => void (working -= 1);
  server.addHook('onRoute', (route) => {
    const { handler, url } = route;
    // The HEAD of a GET comes with the handler of that, which counts already.
    if (!resource.test(url) || counted.has(handler)) return;
    route.handler = function (request, reply) {
      if (working >= atOnce) {
        throw Problem.unavailable('Too many requests are being worked on; please try again.');
      }
      working += 1;
      const work = Promise.resolve(handler.call(this, request, reply));
      work.then(ended, ended);
      return work;
    };
    counted.add(route.handler);
  });
}
