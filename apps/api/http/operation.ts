import { applyDecorators, HttpCode, type Type, UseInterceptors } from '@nestjs/common';
import { ApiExtraModels, ApiOperation, ApiParam, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ProblemDocument, problemKindNames, problemKinds, type ProblemKind } from '#libs/problems';
import { LocationHeader } from './location-header.js';

export interface OperationOptions {
  summary: string;
  description?: string;
  /** What the `:id` of the path is the id of. */
  id?: string;
  answer: { status: 200 | 201 | 204; description: string; type?: Type<unknown> };
  takesBody?: boolean;
  /** Why it may be refused, beside what holds for every operation. */
  problems?: Partial<Record<ProblemKind, string>>;
}

/** What holds for every operation. */
const general: Partial<Record<ProblemKind, string>> = {
  'invalid-input': 'A field, a parameter or the id is wrong; `errors` names each.',
  unauthorized: 'The service has keys, and the request carries none of them.',
  internal: 'Something went wrong on our side; the logs tell more under the `requestId`.',
  unavailable: 'The database is not reachable; try again after `Retry-After` seconds.',
};

const ofBodies: Partial<Record<ProblemKind, string>> = {
  'payload-too-large': 'The body has more than 1 MiB.',
  'unsupported-media-type': 'The body is not sent as application/json.',
};

/** All that the OpenAPI document says about an operation, and the status that it answers with. */
export function Operation(options: OperationOptions): MethodDecorator {
  const { summary, description, id, answer, takesBody = false } = options;
  const problems = { ...general, ...(takesBody && ofBodies), ...options.problems };
  return applyDecorators(
    ApiOperation({ summary, ...(description !== undefined && { description }) }),
    ...(id === undefined ? [] : [ApiParam(idParameter(id))]),
    HttpCode(answer.status),
    ApiResponse({ ...answer, ...(answer.status === 201 && { headers: locationHeader }) }),
    ...(answer.status === 201 ? [UseInterceptors(LocationHeader)] : []),
    ApiExtraModels(ProblemDocument),
    ...problemKindNames.flatMap((kind) => problemResponse(kind, problems[kind])),
  );
}

const locationHeader = {
  Location: { description: 'Where to find it.', schema: { type: 'string', example: '/v1/clients/1' } },
};

function idParameter(of: string) {
  return {
    name: 'id',
    description: `The id of the ${of}.`,
    schema: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    example: 1,
  };
}

function problemResponse(kind: ProblemKind, reason: string | undefined): MethodDecorator[] {
  if (reason === undefined) return [];
  const { status, title } = problemKinds[kind];
  const example = {
    type: `urn:event-message-service:problem:${kind}`,
    title,
    status,
    detail: reason,
    instance: '/v1/…',
    requestId: '6f9c2f4e-6f0b-4a53-9a0e-3f3f6f1c2b1a',
  };
  const content = {
    'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDocument) }, example },
  };
  return [ApiResponse({ status, description: reason, content })];
}
