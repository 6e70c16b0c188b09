import { isUnreachable, mayHaveChanged, sqlState } from '#libs/database';
import type { ProblemDocument } from './problem-document.js';
import { problemKindNames, problemKinds, type ProblemKind } from './problem-kinds.js';
import { Problem } from './problem.js';
import { refusedData } from './refused-data.js';

/**
 * Turns whatever was thrown into the problem that the caller is told, over HTTP and over NATS alike. What is
 * not known here is `internal` and says nothing about its cause: log that where this is called.
 */
export function toProblem(error: unknown): ProblemDocument {
  return asProblem(error).toDocument();
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return (
    fromPostgres(error) ?? fromHttp(error) ?? new Problem('internal', 'The request could not be served.')
  );
}

/**
 * A server without the schema (42P01, 42703, 42883), read-only after a failover (25006), out of something
 * (class 53), or too slow (57014, 55P03): it passes, or an operator makes it pass.
 */
const passing = /^(53...|25006|42P01|42703|42883|57014|55P03|40001|40P01)$/;

function fromPostgres(error: unknown): Problem | undefined {
  if (mayHaveChanged(error)) return Problem.outcomeUnknown(error);
  if (isUnreachable(error)) {
    return Problem.unavailable('The database is not reachable. Nothing was changed: please retry.', error);
  }
  const state = sqlState(error);
  if (state === undefined || !/^[0-9A-Z]{5}$/.test(state)) return undefined;
  if (passing.test(state)) {
    return Problem.unavailable(
      'The database cannot serve this request at the moment. Nothing was changed: please retry.',
      error,
    );
  }
  // A service that knows the constraint says more; this is for the one that nobody thought of.
  return refusedData(error, state);
}

/** Fastify's errors and Nest's exceptions both carry a status; only those below 500 are for the caller. */
function fromHttp(error: unknown): Problem | undefined {
  if (!(error instanceof Error)) return undefined;
  const status = httpStatus(error);
  if (status === undefined || status < 400 || status >= 500) return undefined;
  const kind = kindsByStatus.get(status) ?? 'invalid-input';
  const { cause, message } = error;
  const code = sqlState(cause) ?? sqlState(error) ?? '';
  return new Problem(
    kind,
    fastifyDetails.get(code) ?? message.replace(unknownRoute, 'There is no operation $1 $2.'),
  );
}

const kindsByStatus = new Map<number, ProblemKind>(
  problemKindNames.map((kind) => [problemKinds[kind].status, kind]),
);

/** What Nest says of a route that it doesn't have. */
const unknownRoute = /^Cannot ([A-Z]+) ([^?]*).*$/s;

/** Fastify's own words are for whoever programs with it. */
const fastifyDetails = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'A body may have at most 1 MiB.'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'A body must be sent as application/json.'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'The length of the body differs from its Content-Length.'],
]);

function httpStatus(error: Error): number | undefined {
  if ('getStatus' in error && typeof error.getStatus === 'function') return Number(error.getStatus());
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
}
