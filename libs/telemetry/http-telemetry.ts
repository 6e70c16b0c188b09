import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PinoLogger } from 'nestjs-pino';
import { enterLogContext, leaveLogContext } from './log-context.js';
import { RequestMetrics } from './request-metrics.js';
import { subjectIds, type SubjectIds } from './subject-ids.js';

/** What machines ask for all the time: its lines are for debugging only. */
const quietRoutes = /^\/(health|metrics)(\/|$)/;
const LONGEST_PATH = 200;
/** What nginx logs when the caller left before the answer. */
const CALLER_LEFT = 499;

/**
 * One line and one observation for each HTTP request, those included that are refused before a controller is
 * reached; and the request's id and subject on every line that is logged while it is served. Neither headers
 * nor query strings are logged: they may hold keys and phone numbers.
 */
@Injectable()
export class HttpTelemetry implements OnModuleInit {
  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly logger: PinoLogger,
    private readonly metrics: RequestMetrics,
  ) {}

  /** Fastify gathers the hooks of a route when it gets ready, so this reaches those made before as well. */
  onModuleInit(): void {
    const server = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    server.addHook('onRequest', (request, reply, done) => {
      // The one event that comes for each request once, however it ends.
      reply.raw.once('close', leaveLogContext);
      enterLogContext({ requestId: request.id, ...idsOf(request) }, done);
    });
    server.addHook('onResponse', (request, reply, done) => {
      this.answered(request, reply, reply.statusCode);
      done();
    });
    server.addHook('onRequestAbort', (request, done) => {
      this.left(request);
      done();
    });
  }

  private answered(request: FastifyRequest, reply: FastifyReply, code: number): void {
    const { method } = request;
    const route = request.routeOptions.url ?? 'unmatched';
    this.metrics.httpAnswered(method, route, code, reply.elapsedTime / 1000);
    const durationMs = Math.round(reply.elapsedTime * 10) / 10;
    this.write(request, code, { durationMs, ...idsOfCreated(reply) });
  }

  private left(request: FastifyRequest): void {
    this.metrics.httpAnswered(request.method, request.routeOptions.url ?? 'unmatched', CALLER_LEFT, 0);
    this.write(request, CALLER_LEFT, {});
  }

  private write(request: FastifyRequest, code: number, fields: object): void {
    const { method, id: requestId } = request;
    const path = (request.url.split('?', 1)[0] ?? '').slice(0, LONGEST_PATH);
    const line = {
      requestId,
      ...idsOf(request),
      method,
      path,
      code,
      ...fields,
      msg: `${method} ${path} ${code}`,
    };
    this.logger[levelOf(request, code)](line);
  }
}

interface Route {
  isQuiet: boolean;
  /** Of what its `:id` is the id, if it has one. */
  resource: string | undefined;
}

/** What a route's pattern says is found out once for each of them. */
const routes = new Map<string, Route>();

function routeOf({ routeOptions: { url = '' } }: FastifyRequest): Route {
  const known = routes.get(url);
  if (known) return known;
  const route = { isQuiet: quietRoutes.test(url), resource: /^\/v1\/(\w+)\/:id/.exec(url)?.[1] };
  routes.set(url, route);
  return route;
}

function levelOf(request: FastifyRequest, code: number): 'debug' | 'info' | 'warn' {
  if (code >= 500) return 'warn';
  return routeOf(request).isQuiet ? 'debug' : 'info';
}

function idsOf(request: FastifyRequest): SubjectIds {
  const { resource } = routeOf(request);
  return resource === undefined ? {} : subjectIds(resource, (request.params as { id?: unknown } | null)?.id);
}

/** What was made is told by the answer's Location. */
function idsOfCreated(reply: FastifyReply): SubjectIds {
  const location = reply.getHeader('location');
  if (location === undefined) return {};
  const [, resource, id] = /^\/v1\/(\w+)\/(\d+)$/.exec(String(location)) ?? [];
  return subjectIds(resource, id);
}
