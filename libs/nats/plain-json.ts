import type { Deserializer, IncomingRequest, Serializer } from '@nestjs/microservices';
import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { isLongList, requireFewValues, stringifyInTurns } from '#libs/payloads';
import { Problem, type ProblemDocument, toProblem } from '#libs/problems';

/** What a handler came to, as in Nest's own packets; `err` is whatever it threw. */
export type Reply = { response: unknown; headers?: MsgHdrs | undefined } | { err: unknown };

/** What an error reply says of the request that it answers. */
export type ReplyContext = Required<Pick<ProblemDocument, 'instance' | 'requestId'>>;

export interface EncodedReply {
  /** The status that the same answer would have over HTTP. */
  status: number;
  data: string;
  headers: MsgHdrs | undefined;
}

/** Bytes; what an HTTP body may have as well. */
const LARGEST_PAYLOAD = 1_048_576;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Takes a request as any language sends it: a JSON object, without Nest's envelope of pattern, data and id.
 * An empty payload counts as `{}`. Throws what becomes a 400 for anything else.
 */
export class PlainJsonDeserializer implements Deserializer<Msg, IncomingRequest> {
  deserialize(message: Msg, options?: Record<string, unknown>): IncomingRequest {
    // Nest answers only what has an id; the reply subject is what ties ours to its request.
    return { pattern: options?.['channel'], id: message.reply ?? '', data: bodyOf(message) };
  }
}

/** Sends what the handler returned as plain JSON, or a problem document with the error headers of NATS. */
export class PlainJsonSerializer implements Serializer<Reply, EncodedReply> {
  /** Makes JSON of a long list in turns with other requests. */
  async serializeInTurns(reply: Reply, context?: Partial<ReplyContext>): Promise<EncodedReply> {
    if (!('response' in reply) || !isLongList(reply.response)) return this.serialize(reply, context);
    return { status: 200, data: await stringifyInTurns(reply.response), headers: reply.headers };
  }

  serialize(reply: Reply, context?: Partial<ReplyContext>): EncodedReply {
    if ('response' in reply) {
      return { status: 200, data: JSON.stringify(reply.response ?? {}), headers: reply.headers };
    }
    const problem = Object.assign(toProblem(reply.err), context);
    const marks = headers();
    // The names that NATS's own services use, so that its tools show the failure.
    marks.set('Nats-Service-Error-Code', String(problem.status));
    marks.set('Nats-Service-Error', problem.title);
    return { status: problem.status, data: JSON.stringify(problem), headers: marks };
  }
}

function bodyOf(message: Msg): object {
  if (message.data.length === 0) return {};
  // NATS itself carries no more by default, but may be told to.
  if (message.data.length > LARGEST_PAYLOAD) {
    throw new Problem('payload-too-large', 'A payload may have at most 1 MiB.');
  }
  requireFewValues(message.data);
  const body = parse(message.data);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw Problem.invalid([{ path: '', message: 'must be a JSON object' }]);
  }
  return body;
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(data));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw Problem.invalid([{ path: '', message: `is not valid JSON: ${reason}` }]);
  }
}
