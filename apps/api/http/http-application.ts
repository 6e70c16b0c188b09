import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { guessLimit, KeyRing } from '#libs/access';
import type { ApiKey } from '#libs/config';
import { addOwnHeaders, httpPort, ProblemFilter, refuseTunnels } from '#libs/problem-answers';
import { answerInTurns } from './answers-in-turns.js';
import { refuseOtherMethods } from './allowed-methods.js';
import { endConnectionsAtClose } from './connection-end.js';
import { HTTP_LIMITS, type HttpLimits, limitConnections, limitRequests } from './http-limits.js';
import { acceptJsonOnly, BODY_LIMIT } from './json-body.js';
import { serveDocs } from './openapi.js';
import { nameWhatIsMade } from './location-header.js';
import { HttpPayloadPipe } from './refused-bodies.js';
import { requestAccess } from './request-access.js';
import { refuseMalformedRequests } from './well-formed-requests.js';

/**
 * The HTTP side of the API, not listening yet: bodies, keys, validation, problems, headers and docs are the
 * same for every controller and set up here alone.
 */
export async function createHttpApplication(
  module: DynamicModule,
  options: { apiKeys: readonly ApiKey[] },
  limits: HttpLimits = HTTP_LIMITS,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    // While closing, what still comes in on open connections is answered rather than refused.
    return503OnClosing: false,
    ...httpPort(limits),
  });
  const server = adapter.getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    addOwnHeaders(request, reply);
    done();
  });
  refuseMalformedRequests(server);
  refuseTunnels(server);
  server.addHook('onRequest', requestAccess(new KeyRing(options.apiKeys), guessLimit(server)));
  refuseOtherMethods(server);
  acceptJsonOnly(server);
  endConnectionsAtClose(server);
  nameWhatIsMade(server);
  answerInTurns(server);
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
