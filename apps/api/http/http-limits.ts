import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { Admission, type AdmissionLimits } from '#libs/admission';
import type { PortLimits } from '#libs/problem-answers';
import { Problem } from '#libs/problems';

/** What keeps the process's memory within bounds, whatever its callers do and however Postgres hangs. */
export interface HttpLimits extends PortLimits {
  /** Connections at one time. A body of 1 MiB may be under way on each. */
  connections: number;
  /** Connections beyond these, for one request each: health, metrics and docs. A further one is closed at once. */
  spareConnections: number;
  /** Requests for resources that are worked on at one time, and those that wait for that; a further one is a 503. */
  requests: AdmissionLimits;
}

/** 500 requests are a second or two of work for ten connections to Postgres; as many as have a connection may wait. */
export const HTTP_LIMITS: HttpLimits = {
  connections: 1_000,
  spareConnections: 50,
  requests: { atOnce: 500, waiting: 1_000, patienceMs: 2_000 },
  silenceMs: 120_000,
  arrivalMs: 30_000,
};

/** Milliseconds in which a spare connection has to bring its request. */
const SPARE_SILENCE = 2_000;

const resource = /^\/v1\//;

/**
 * Ends connections beyond the limit as they come. The spare ones are for whoever looks after the process: a resource
 * that is asked for on one of them is refused, and each ends with its first answer. Add it before the routes.
 */
export function limitConnections(
  server: FastifyInstance,
  { connections, spareConnections }: Pick<HttpLimits, 'connections' | 'spareConnections'>,
): void {
  const spare = new WeakSet<Socket>();
  let open = 0;
  server.server.maxConnections = connections + spareConnections;
  server.server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => void (open -= 1));
    if (open <= connections) return;
    spare.add(socket);
    socket.setTimeout(SPARE_SILENCE);
  });
  server.addHook('onRequest', (request, reply, done) => {
    if (!spare.has(request.raw.socket)) return done();
    void reply.header('connection', 'close');
    done(resource.test(request.url) ? overloaded() : undefined);
  });
}

/**
 * Lets requests wait while too many are being worked on, and refuses those that wait for too long. What is counted is
 * the work, which goes on when the caller has left. Health, metrics and docs are always answered. Around the handlers
 * rather than an interceptor, which would cost each request a good part of what the framework costs in all. Add it
 * before the routes.
 */
export function limitRequests(server: FastifyInstance, limits: AdmissionLimits): void {
  const admission = new Admission(limits);
  const counted = new WeakSet<RouteHandlerMethod>();
  const ended = () => admission.leave();
  server.addHook('onRoute', (route) => {
    const { handler, url } = route;
    // The HEAD of a GET comes with the handler of that, which counts already.
    if (!resource.test(url) || counted.has(handler)) return;
    route.handler = function (request, reply) {
      const work = () => {
        const answer = Promise.resolve(handler.call(this, request, reply));
        answer.then(ended, ended);
        return answer;
      };
      const admitted = admission.enter();
      return admitted === true ? work() : whenAdmitted(admitted, [request, reply], work, ended);
    };
    counted.add(route.handler);
  });
}

async function whenAdmitted(
  admitted: false | Promise<boolean>,
  [request, reply]: readonly [FastifyRequest, FastifyReply],
  work: () => Promise<unknown>,
  ended: () => void,
): Promise<unknown> {
  // Without room to wait there is more than one request on a connection: it ends, so that asking again costs something.
  if (admitted === false) void reply.header('connection', 'close');
  if (!(await admitted)) throw overloaded();
  if (!request.raw.socket.destroyed) return work();
  // Whoever has left meanwhile wants nothing done.
  ended();
  return reply.hijack();
}

function overloaded(): Problem {
  return Problem.unavailable('The service is overloaded. Nothing was changed: please retry.');
}
