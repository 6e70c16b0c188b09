import { applyDecorators, HttpCode, type Type } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOperation, ApiParam, ApiResponse } from '@nestjs/swagger';
import {
  type FieldError,
  ProblemDocument,
  problemKindNames,
  problemKinds,
  type ProblemKind,
} from '#libs/problems';
import { type DocumentedProblem, problemAnswer } from '../docs/problem-answers.js';

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
  /** A body, where the examples of all its fields together would be an odd one. */
  example?: { of: Type<unknown>; value: object };
  /** Why it may be refused, beside what holds for every operation. */
  problems?: Partial<Record<ProblemKind, string>>;
}

const invalid = 'A field, a parameter or the id is wrong. `errors` names each of them.';

/** All that the OpenAPI document says about one operation alone, and the status that it answers with. */
export function Operation(options: OperationOptions): MethodDecorator {
  const { summary, description, id, example } = options;
  const { location, ...answer } = options.answer;
  return applyDecorators(
    ApiOperation({ summary, ...(description !== undefined && { description }) }),
    ...(id === undefined ? [] : [ApiParam(idParameter(id))]),
    ...(example === undefined
      ? []
      : [ApiBody({ type: example.of, examples: { typical: { value: example.value } } })]),
    HttpCode(answer.status),
    ApiResponse({ ...answer, ...(location !== undefined && { headers: locationHeader(location) }) }),
    ApiExtraModels(ProblemDocument),
    ...problemResponses(options),
  );
}

function locationHeader(example: string) {
  return { Location: { description: 'The path of what was added.', schema: { type: 'string', example } } };
}

function idParameter(of: string) {
  return {
    name: 'id',
    description: `The id of the ${of}.`,
    schema: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
  };
}

/** One response a status, however many kinds of problem have it. */
function problemResponses(operation: OperationOptions): MethodDecorator[] {
  const byStatus = new Map<number, DocumentedProblem[]>();
  const reasons = { 'invalid-input': invalid, ...operation.problems };
  for (const kind of problemKindNames) {
    const reason = reasons[kind];
    if (reason === undefined) continue;
    const { status } = problemKinds[kind];
    const errors = kind === 'invalid-input' ? { errors: [mistake(operation)] } : {};
    byStatus.set(status, [...(byStatus.get(status) ?? []), { kind, reason, ...errors }]);
  }
  return [...byStatus].map(([status, problems]) => ApiResponse({ status, ...problemAnswer(problems) }));
}

/** One that can be made with this operation. */
function mistake({ takesBody = false, id }: OperationOptions): FieldError {
  if (takesBody) return { path: 'colour', message: 'is not a known field' };
  if (id === undefined) return { path: 'limit', message: 'must be a whole number from 1 to 500' };
  return { path: 'id', message: `must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}` };
}
