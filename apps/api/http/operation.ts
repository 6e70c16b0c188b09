import { applyDecorators, HttpCode, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOperation, ApiParam, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import {
  type FieldError,
  Problem,
  ProblemDocument,
  problemKindNames,
  type ProblemKind,
} from '#libs/problems';

export interface OperationOptions {
  summary: string;
  description?: string;
  /** What the `:id` of the path is the id of. */
  id?: string;
  answer: {
    status: 200 | 201 | 204;
    description: string;
    type?: Type<unknown>;
    /** Where what was added is found, as an example; the answer has the header. */
    location?: string;
  };
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
  const { summary, description, id, takesBody = false } = options;
  const { location, ...answer } = options.answer;
  const problems = { ...general, ...(takesBody && ofBodies), ...options.problems };
  return applyDecorators(
    ApiOperation({ summary, ...(description !== undefined && { description }) }),
    ...(id === undefined ? [] : [ApiParam(idParameter(id))]),
    HttpCode(answer.status),
    ApiResponse({ ...answer, ...(location !== undefined && { headers: locationHeader(location) }) }),
    ApiExtraModels(ProblemDocument),
    ...problemKindNames.flatMap((kind) => problemResponse(kind, problems[kind], options)),
  );
}

function locationHeader(example: string) {
  return { Location: { description: 'Where to find it.', schema: { type: 'string', example } } };
}

function idParameter(of: string) {
  return {
    name: 'id',
    description: `The id of the ${of}.`,
    schema: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    example: 1,
  };
}

function problemResponse(
  kind: ProblemKind,
  reason: string | undefined,
  operation: OperationOptions,
): MethodDecorator[] {
  if (reason === undefined) return [];
  const problem =
    kind === 'invalid-input' ? Problem.invalid([mistake(operation)]) : new Problem(kind, reason);
  const { type, title, status, detail, errors } = problem.toDocument();
  const example = {
    type,
    title,
    status,
    detail,
    ...(errors && { errors }),
    instance: '/v1/…',
    requestId: '6f9c2f4e-6f0b-4a53-9a0e-3f3f6f1c2b1a',
  };
  const content = {
    'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDocument) }, example },
  };
  return [ApiResponse({ status, description: reason, content })];
}

/** One that can be made with this operation. */
function mistake({ takesBody = false, id }: OperationOptions): FieldError {
  if (takesBody) return { path: 'colour', message: 'is not a known field' };
  if (id === undefined) return { path: 'limit', message: 'must be a whole number from 1 to 500' };
  return { path: 'id', message: `must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}` };
}
