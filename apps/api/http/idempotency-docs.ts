import type { OpenAPIObject } from '@nestjs/swagger';
import { HEADER, REPLAYED_HEADER } from '#libs/idempotency';
import { Problem, type ProblemKind, problemKinds } from '#libs/problems';

type Operation = NonNullable<OpenAPIObject['paths'][string]['post']>;
type Response = Exclude<NonNullable<Operation['responses'][string]>, { $ref: string }>;

const parameter = {
  name: HEADER,
  in: 'header',
  required: false,
  description:
    'A new value for each thing to be done, such as a UUID. For 24 hours, the same request with the same key is answered with what the first one was answered, and nothing is done again. A refused request may be corrected and sent again with its key.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
  example: '8e03978e-40d5-43dd-bc93-6894a57f9324',
} as const;

const replayed = {
  description: 'On an answer that an earlier request with this key has got.',
  schema: { type: 'string', enum: ['true'] },
} satisfies NonNullable<Response['headers']>[string];

const refusals = [
  {
    kind: 'request-in-progress',
    reason:
      'An earlier request with this `Idempotency-Key` is still being carried out after 10 seconds; ask again after `Retry-After` seconds.',
  },
  {
    kind: 'idempotency-key-reused',
    reason: 'This `Idempotency-Key` was used for another operation or with another body.',
  },
] satisfies { kind: ProblemKind; reason: string }[];

/** Adds to every POST of the document what holds for each of them: the key, and what can be wrong with it. */
export function describeIdempotency(document: OpenAPIObject): OpenAPIObject {
  for (const { post } of Object.values(document.paths)) {
    if (!post) continue;
    post.parameters = [...(post.parameters ?? []), parameter];
    for (const [status, response] of Object.entries(post.responses)) {
      if (!status.startsWith('2') || !response || '$ref' in response) continue;
      response.headers = { ...response.headers, [REPLAYED_HEADER]: replayed };
    }
    for (const { kind, reason } of refusals) addRefusal(post, kind, reason);
  }
  return document;
}

/** A status that is there for another reason already keeps its example. */
function addRefusal(operation: Operation, kind: ProblemKind, reason: string): void {
  const status = String(problemKinds[kind].status);
  const there = operation.responses[status] as Response | undefined;
  operation.responses[status] = there
    ? { ...there, description: `${there.description} Or: ${reason}` }
    : { description: reason, content: { 'application/problem+json': problem(kind, reason) } };
}

function problem(kind: ProblemKind, reason: string) {
  const { type, title, status, detail } = new Problem(kind, reason).toDocument();
  return {
    schema: { $ref: '#/components/schemas/Problem' },
    example: {
      type,
      title,
      status,
      detail,
      instance: '/v1/…',
      requestId: '6f9c2f4e-6f0b-4a53-9a0e-3f3f6f1c2b1a',
    },
  };
}
