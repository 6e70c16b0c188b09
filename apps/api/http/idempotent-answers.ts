import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import {
  HEADER,
  IdempotentCalls,
  isRepeatable,
  type KeptAnswer,
  readKey,
  REPLAYED_HEADER,
} from '#libs/idempotency';
import { locationOf } from './location-header.js';

const header = HEADER.toLowerCase();

/**
 * Answers a POST that comes with an `Idempotency-Key` once, and its repetitions with the same bytes. The other
 * methods can be repeated as they are, so the header means nothing there. It surrounds validation too: what is
 * refused is kept as little as what fails.
 */
@Injectable()
export class IdempotentAnswers implements NestInterceptor {
  constructor(private readonly calls: IdempotentCalls) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const key = request.method === 'POST' ? readKey(given(request)) : undefined;
    if (key === undefined) return next.handle();
    const repeatable = isRepeatable(context.getHandler());
    return from(this.answer({ key, repeatable }, request, http.getResponse<FastifyReply>(), next));
  }

  private async answer(
    call: { key: string; repeatable: boolean },
    request: FastifyRequest,
    reply: FastifyReply,
    next: CallHandler,
  ): Promise<unknown> {
    const [path] = request.url.split('?', 1);
    const keyed = { ...call, operation: `${request.method} ${path}`, payload: request.body };
    const { answer, replayed } = await this.calls.answer(keyed, () => carryOut(request, reply, next));
    if (replayed) replay(answer, reply);
    return answer.body;
  }
}

function given({ headers }: FastifyRequest): string | undefined {
  const value = headers[header];
  return Array.isArray(value) ? value.join(', ') : value;
}

async function carryOut(
  request: FastifyRequest,
  reply: FastifyReply,
  next: CallHandler,
): Promise<KeptAnswer> {
  const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
  const status = reply.statusCode;
  return { status, location: status === 201 ? locationOf(request, body) : null, body };
}

function replay({ status, location }: KeptAnswer, reply: FastifyReply): void {
  void reply.code(status).header(REPLAYED_HEADER, 'true');
  if (location !== null) void reply.header('location', location);
}
