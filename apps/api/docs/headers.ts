import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf } from './document-parts.js';

/** The headers that answers have, by the names they go by in the document. */
const headers = {
  RequestId: {
    description:
      "The id of the request in the logs. The service takes the caller's `X-Request-Id` if that has 1 to 128 letters, digits, `.`, `:`, `_` or `-`. Otherwise the service makes a new id.",
    schema: { type: 'string', examples: ['6f9c2f4e-6f0b-4a53-9a0e-3f3f6f1c2b1a'] },
  },
  RetryAfter: {
    description: 'Wait this many seconds before you retry.',
    schema: { type: 'integer', minimum: 1, maximum: 86_400, examples: [1] },
  },
  Authenticate: {
    description: 'How to authenticate: with an API key as the bearer token.',
    schema: { type: 'string', examples: ['Bearer realm="event-message-service"'] },
  },
  Allow: {
    description: 'The methods that the path supports.',
    schema: { type: 'string', examples: ['POST, GET, HEAD'] },
  },
};

export type HeaderName = keyof typeof headers;

/** A header of the document, for an answer that has it. */
export function header(name: HeaderName): { $ref: string } {
  return { $ref: `#/components/headers/${name}` };
}

/** Adds the headers that answers refer to, and the request's id to every answer. */
export function describeHeaders(document: OpenAPIObject): void {
  const own = operationsOf(document).flatMap(({ operation }) => Object.values(operation.responses));
  const common = Object.values(document.components?.responses ?? {});
  for (const answer of [...own, ...common]) {
    if (!answer || '$ref' in answer) continue;
    const { headers: given } = answer;
    answer.headers = { 'X-Request-Id': header('RequestId'), ...given };
  }
  document.components = { ...document.components, headers: structuredClone(headers) as object as Headers };
}

type Headers = NonNullable<NonNullable<OpenAPIObject['components']>['headers']>;
