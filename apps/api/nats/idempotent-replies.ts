import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { HEADER, IdempotentCalls, isRepeatable, readKey, REPLAYED_HEADER } from '#libs/idempotency';
import type { RequestContext } from '#libs/nats';

/** What subjects end in whose call over HTTP is no POST: they read, or can be repeated as they are. */
const withoutKey = new Set(['get', 'list', 'update', 'delete', 'mailing']);

/** Answers a request that comes with an `Idempotency-Key` once, and its repetitions with the same bytes. */
@Injectable()
export class IdempotentReplies implements NestInterceptor {
  constructor(private readonly calls: IdempotentCalls) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const rpc = context.switchToRpc();
    const request = rpc.getContext<RequestContext>();
    const operation = request.getSubject();
    const verb = operation.split('.').at(-1) ?? '';
    const key = withoutKey.has(verb) ? undefined : readKey(request.header(HEADER));
    if (key === undefined) return next.handle();
    const call = {
      key,
      operation,
      payload: rpc.getData<unknown>(),
      repeatable: isRepeatable(context.getHandler()),
    };
    return from(this.answer(call, request, next));
  }

  private async answer(
    call: Parameters<IdempotentCalls['answer']>[0],
    request: RequestContext,
    next: CallHandler,
  ): Promise<unknown> {
    const { answer, replayed } = await this.calls.answer(call, async () => {
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      return { status: 200, location: null, body };
    });
    if (replayed) request.addReplyHeader(REPLAYED_HEADER, 'true');
    return answer.body;
  }
}
