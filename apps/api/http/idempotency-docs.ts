import type { OpenAPIObject } from '@nestjs/swagger';
import { HEADER, REPLAYED_HEADER } from '#libs/idempotency';
import { problemKinds } from '#libs/problems';
import type { Operation, Response } from '../docs/document-parts.js';
import { type DocumentedProblem, withProblems } from '../docs/problem-answers.js';

const parameter = {
  name: HEADER,
  in: 'header',
  required: false,
  description:
    'The idempotency key: a new value for each change, such as a UUID. For 24 hours, the same request with the same key gets the answer of the first one, and nothing is done again. A refused request does not use up its key: correct the request and send it again with the same key.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
} as const;

const replayed = {
  description: 'Present when the answer is that of an earlier request with the same idempotency key.',
  schema: { type: 'string', enum: ['true'] },
} satisfies NonNullable<Response['headers']>[string];

const refusals: DocumentedProblem[] = [
  {
    kind: 'request-in-progress',
    reason:
      'An earlier request with this `Idempotency-Key` is still in progress after 10 seconds. Retry after `Retry-After` seconds.',
  },
  {
    kind: 'idempotency-key-reused',
    reason: 'This `Idempotency-Key` was used for another operation or with another body. Send a new key.',
  },
];

/** Adds to every POST of the document what holds for each of them: the key, and what can be wrong with it. */
export function describeIdempotency(document: OpenAPIObject): void {
  for (const { post } of Object.values(document.paths)) {
    if (!post) continue;
    post.parameters = [...(post.parameters ?? []), structuredClone(parameter)];
    for (const [status, response] of Object.entries(post.responses)) {
      if (!status.startsWith('2') || !response || '$ref' in response) continue;
      response.headers = { ...response.headers, [REPLAYED_HEADER]: replayed };
    }
    for (const refusal of refusals) addRefusal(post, refusal);
  }
}

function addRefusal(operation: Operation, refusal: DocumentedProblem): void {
  const status = String(problemKinds[refusal.kind].status);
  operation.responses[status] = withProblems(operation.responses[status] as Response | undefined, [refusal]);
}
