import type { FastifyReply, FastifyRequest } from 'fastify';
import { HEADER, type IdempotentCalls, type KeptAnswer, readKey, REPLAYED_HEADER } from '#libs/idempotency';
import { locationOf } from './location-header.js';

const header = HEADER.toLowerCase();

/** The `Idempotency-Key` of a request, undefined without one. Throws a `Problem` for what can't be one. */
export function keyOf({ headers }: FastifyRequest): string | undefined {
  const value = headers[header];
  return readKey(Array.isArray(value) ? value.join(', ') : value);
}

/** Answers a POST that comes with a key once, and its repetitions with the same bytes. */
export async function answerOnce(
  calls: IdempotentCalls,
  call: { key: string; repeatable: boolean },
  [request, reply]: readonly [FastifyRequest, FastifyReply],
  carryOut: () => Promise<unknown>,
): Promise<unknown> {
  const [path] = request.url.split('?', 1);
  const keyed = { ...call, operation: `${request.method} ${path}`, payload: request.body };
  const { answer, replayed } = await calls.answer(keyed, async () =>
    toKeep(request, reply, await carryOut()),
  );
  if (replayed) replay(answer, reply);
  return answer.body;
}

function toKeep(request: FastifyRequest, reply: FastifyReply, body: unknown): KeptAnswer {
  const status = reply.statusCode;
  return { status, location: status === 201 ? locationOf(request, body) : null, body };
}

function replay({ status, location }: KeptAnswer, reply: FastifyReply): void {
  void reply.code(status).header(REPLAYED_HEADER, 'true');
  if (location !== null) void reply.header('location', location);
}
