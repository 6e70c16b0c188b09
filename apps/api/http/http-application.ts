import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { IncomingMessage } from 'node:http';
import { requestIdFrom } from '#libs/telemetry';
import { refuseOtherMethods } from './allowed-methods.js';
import { endConnectionsAtClose } from './connection-end.js';
import { HTTP_LIMITS, type HttpLimits, limitConnections, limitRequests } from './http-limits.js';
import { acceptJsonOnly, BODY_LIMIT } from './json-body.js';
import { serveDocs } from './openapi.js';
import { nameWhatIsMade } from './location-header.js';
import { HttpPayloadPipe } from './refused-bodies.js';
import { answerWithProblem, ProblemFilter } from './problem-answer.js';
import { requestAccess } from './request-access.js';
import { securityHeaders } from './security-headers.js';

/**
 * The HTTP side of the API, not listening yet: bodies, keys, validation, problems, headers and docs are the
 * same for every controller and set up here alone.
 */
export async function createHttpApplication(
  module: DynamicModule,
  options: { apiKeys: readonly string[] },
  limits: HttpLimits = HTTP_LIMITS,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    // While closing, what still comes in on open connections is answered rather than refused.
    return503OnClosing: false,
    requestTimeout: limits.arrivalMs,
    connectionTimeout: limits.silenceMs,
    genReqId: (request: IncomingMessage) => requestIdFrom(request.headers['x-request-id']),
    // What the router itself refuses reaches no hook and no filter.
    frameworkErrors: answerWithProblem,
  });
  const server = adapter.getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers({ ...securityHeaders, 'x-request-id': request.id });
    done();
  });
  server.addHook('onRequest', requestAccess(options.apiKeys));
  refuseOtherMethods(server);
  acceptJsonOnly(server);
  endConnectionsAtClose(server);
  nameWhatIsMade(server);
  limitConnections(server, limits);
  limitRequests(server, limits.requests);

  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bodyParser: false,
    bufferLogs: true,
  });
  app.useGlobalPipes(new HttpPayloadPipe());
  app.useGlobalFilters(new ProblemFilter());
  app.enableCsrfProtection();
  serveDocs(app);
  return app;
}
