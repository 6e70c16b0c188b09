import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { finalize, type Observable } from 'rxjs';
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
 * caller has left. Health, metrics and docs are always answered.
 */
export class RequestLimit implements NestInterceptor {
  private working = 0;

  constructor(private readonly atOnce: number) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!resource.test(routeOptions.url ?? '')) return next.handle();
    if (this.working >= this.atOnce) {
      throw Problem.unavailable('Too many requests are being worked on; please try again.');
    }
    this.working += 1;
    return next.handle().pipe(finalize(() => (this.working -= 1)));
  }
}
