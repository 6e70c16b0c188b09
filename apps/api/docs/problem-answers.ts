import { type FieldError, Problem, type ProblemKind } from '#libs/problems';
import type { Response } from './document-parts.js';

export interface DocumentedProblem {
  kind: ProblemKind;
  /** When it is answered; the example's `detail` too, unless there is an error to name. */
  reason: string;
  errors?: FieldError[];
}

/** An answer of the document with problems of one status: why each is given, and an example of each. */
export function problemAnswer(problems: readonly DocumentedProblem[]): Response {
  const reasons = [...new Set(problems.map(({ reason }) => reason))];
  return {
    description: reasons.join(' Or: '),
    headers: { ...headersOf(problems) },
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(problems.map((problem) => [problem.kind, exampleOf(problem)])),
      },
    },
  };
}

/** The same answer with further problems. */
export function withProblems(answer: Response | undefined, problems: readonly DocumentedProblem[]): Response {
  const more = problemAnswer(problems);
  if (!answer) return more;
  const type = 'application/problem+json';
  const examples = { ...answer.content?.[type]?.examples, ...more.content?.[type]?.examples };
  return {
    description: `${answer.description} Or: ${more.description}`,
    headers: { ...answer.headers, ...more.headers },
    content: { [type]: { ...more.content?.[type], examples } },
  };
}

const worthTryingAgain: ReadonlySet<string> = new Set([
  'request-in-progress',
  'too-many-requests',
  'unavailable',
]);

function headersOf(problems: readonly DocumentedProblem[]): Response['headers'] {
  return problems.some(({ kind }) => worthTryingAgain.has(kind))
    ? { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }
    : {};
}

function exampleOf({ kind, reason, errors }: DocumentedProblem) {
  const problem = errors ? Problem.invalid(errors) : new Problem(kind, reason, options(kind));
  const { type, title, status, detail, ...rest } = problem.toDocument();
  const about = { instance: '/v1/…', requestId: '6f9c2f4e-6f0b-4a53-9a0e-3f3f6f1c2b1a' };
  return { summary: title, value: { type, title, status, detail, ...rest, ...about } };
}

function options(kind: ProblemKind) {
  return worthTryingAgain.has(kind) ? { retryAfterSeconds: 1 } : {};
}
