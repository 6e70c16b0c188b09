import { inspect } from 'node:util';
import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toProblem } from '#libs/problems';
import { requestFields } from '#libs/telemetry';

const logger = new Logger('Problem');

/** Answers with whatever was thrown as `application/problem+json`; the one place that does. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    answerWithProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

/** Answers, and logs what is our own trouble: the cause of a 500 is told nowhere else. */
export function answerWithProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { id: requestId } = request;
  const [instance] = request.url.split('?', 1);
  const problem = Object.assign(toProblem(error), { instance, requestId });
  if (problem.status >= 500) log(error, request, problem);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="event-message-service"');
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', problem.retryAfterSeconds);
  void reply
    .code(problem.status)
    .type('application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(problem);
}

function log(
  error: unknown,
  request: FastifyRequest,
  { status, detail: msg }: { status: number; detail: string },
) {
  const fields = { ...requestFields(request), msg };
  if (status === 500) logger.error({ ...fields, error: inspect(error) });
  else logger.warn({ ...fields, error: String(error instanceof Error ? (error.cause ?? error) : error) });
}
