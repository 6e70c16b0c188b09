import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PinoLogger } from 'nestjs-pino';
import { maskPhones } from '#libs/masking';
import { enterLogContext, leaveLogContext } from './log-context.js';
import { isQuiet, requestFields } from './request-fields.js';
import { RequestMetrics } from './request-metrics.js';
import { subjectIds, type SubjectIds } from './subject-ids.js';

const LONGEST_PATH = 200;
/** Quick to find out, and no path of ours has one before its ids are that long. */
const LONG_NUMBER = /[^a-z/]{7}/;
/** What nginx logs when the caller left before the answer. */
const CALLER_LEFT = 499;

/**
 * One line and one observation for each HTTP request, those included that are refused before a controller is
 * reached, with the name of the caller's key, and its address when it is refused. Neither headers nor query strings
 * are logged: they may hold keys and phone numbers; a phone in a path is masked.
 *
 * At `debug` every line that is logged while a request is served has the request's id and subject, by a context.
 * Above, only this line and that of a failure are the request's own, and say so themselves: before Node 24 a context
 * takes a sixth of all that the API can do.
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
    if (this.logger.logger.isLevelEnabled('debug')) {
      server.addHook('onRequest', (request, reply, done) => {
        // The one event that comes for each request once, however it ends.
        reply.raw.once('close', leaveLogContext);
        enterLogContext(requestFields(request), done);
      });
    }
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
    this.write(request, code, durationMs, idsOfCreated(reply));
  }

  private left(request: FastifyRequest): void {
    this.metrics.httpAnswered(request.method, request.routeOptions.url ?? 'unmatched', CALLER_LEFT, 0);
    this.write(request, CALLER_LEFT);
  }

  /** Every line has the same fields in one order, and what is undefined is not written: spreading costs several µs. */
  private write(request: FastifyRequest, code: number, durationMs?: number, created: SubjectIds = {}): void {
    const { method, url } = request;
    const { requestId, keyName, mailingId, messageId, clientId } = requestFields(request);
    const query = url.indexOf('?');
    const path = maskPath(url.slice(0, Math.min(query === -1 ? url.length : query, LONGEST_PATH)));
    this.logger[levelOf(request, code)]({
      requestId,
      keyName,
      address: code >= 400 ? request.ip : undefined,
      mailingId: mailingId ?? created.mailingId,
      messageId: messageId ?? created.messageId,
      clientId: clientId ?? created.clientId,
      method,
      path,
      code,
      durationMs,
      msg: `${method} ${path} ${code}`,
    });
  }
}

/** A number of ten digits at most is an id; any longer one, in whatever spelling, may be somebody's phone. */
function maskPath(path: string): string {
  if (!LONG_NUMBER.test(path)) return path;
  return path
    .split('/')
    .map((part) => (/^\d{1,10}$/.test(part) ? part : maskPhones(part)))
    .join('/');
}

function levelOf(request: FastifyRequest, code: number): 'debug' | 'info' | 'warn' {
  if (code >= 500) return 'warn';
  return isQuiet(request) && code < 400 ? 'debug' : 'info';
}

/** What was made is told by the answer's Location. */
function idsOfCreated(reply: FastifyReply): SubjectIds {
  const location = reply.getHeader('location');
  if (location === undefined) return {};
  const [, resource, id] = /^\/v1\/(\w+)\/(\d+)$/.exec(String(location)) ?? [];
  return subjectIds(resource, id);
}
