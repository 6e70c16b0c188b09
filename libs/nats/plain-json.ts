import { BadRequestException } from '@nestjs/common';
import type { Deserializer, IncomingRequest, Serializer } from '@nestjs/microservices';
import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';

/** What a handler came to, as in Nest's own packets; `err` is whatever it threw. */
export type Reply = { response: unknown } | { err: unknown };

export interface EncodedReply {
  /** The status that the same answer would have over HTTP. */
  status: number;
  data: string;
  headers: MsgHdrs | undefined;
}

/** The part of a problem document (RFC 9457) that goes into the reply's headers as well. */
export interface ProblemDocument {
  status: number;
  title: string;
}

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
  constructor(private readonly problemOf: (error: unknown) => ProblemDocument) {}

  serialize(reply: Reply): EncodedReply {
    if ('response' in reply)
      return { status: 200, data: JSON.stringify(reply.response ?? {}), headers: undefined };
    const problem = this.problemOf(reply.err);
    const marks = headers();
    // The names that NATS's own services use, so that its tools show the failure.
    marks.set('Nats-Service-Error-Code', String(problem.status));
    marks.set('Nats-Service-Error', problem.title.replaceAll(/[^\x20-\x7e]+/g, ' '));
    return { status: problem.status, data: JSON.stringify(problem), headers: marks };
  }
}

function bodyOf(message: Msg): object {
  if (message.data.length === 0) return {};
  const body = parse(message.data);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new BadRequestException('The payload must be a JSON object.');
  }
  return body;
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(data), refusePrototype);
  } catch (error) {
    throw new BadRequestException(
      `The payload is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The HTTP side refuses this key too: copied onto an object, it would change what the object is. */
function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('the name __proto__ is not allowed');
  return value;
}
