import type { OpenAPIObject } from '@nestjs/swagger';
import { tellsByKey } from '#libs/access';
import { problemKindNames, problemKinds } from '#libs/problems';
import { type Operation, operationsOf, type Response } from './document-parts.js';
import { header, type HeaderName } from './headers.js';
import { problemAnswer } from './problem-answers.js';

interface CommonAnswer {
  /** What it goes by in the document, and in clients that are generated from that. */
  name: string;
  status: number;
  reason: string;
  /** Reasons of kinds that share the status with another. */
  reasons?: Record<string, string>;
  headers?: Record<string, HeaderName>;
  /** The kinds of problem with that status, if not all. */
  kinds?: readonly string[];
  holdsFor?: (operation: Operation, method: string, path: string) => boolean;
}

const takesKey = ({ security }: Operation) => security?.length !== 0;
const takesBody = ({ requestBody }: Operation) => requestBody !== undefined;

const commonAnswers: CommonAnswer[] = [
  {
    name: 'Unauthorized',
    status: 401,
    reason: 'The service has keys, and the request carries none of them.',
    headers: { 'WWW-Authenticate': 'Authenticate' },
    holdsFor: takesKey,
  },
  {
    name: 'Forbidden',
    status: 403,
    reason:
      'The request comes from a page of another origin, or, while the service has no keys, does not name this host as localhost or 127.0.0.1.',
  },
  {
    name: 'MethodNotAllowed',
    status: 405,
    reason: 'The path has other methods; `Allow` names them.',
    headers: { Allow: 'Allow' },
  },
  {
    name: 'RequestTimeout',
    status: 408,
    reason: 'The request did not arrive as a whole in time; the connection is closed.',
  },
  {
    name: 'PayloadTooLarge',
    status: 413,
    reason: 'The body has more than 1 MiB.',
    holdsFor: takesBody,
  },
  {
    name: 'UnsupportedMediaType',
    status: 415,
    reason: 'The body is not sent as application/json, or is compressed.',
    holdsFor: takesBody,
  },
  {
    name: 'ExpectationFailed',
    status: 417,
    reason: 'The request has an `Expect` other than `100-continue`.',
  },
  {
    name: 'TooManyRequests',
    status: 429,
    reason:
      'Too many wrong keys came from this address; wait `Retry-After` seconds. A right key is always answered.',
    headers: { 'Retry-After': 'RetryAfter' },
    holdsFor: (operation, _method, path) => takesKey(operation) || tellsByKey(path),
  },
  {
    name: 'HeadersTooLarge',
    status: 431,
    reason: 'The headers have more than 16 KiB; the connection is closed.',
  },
  {
    name: 'InternalError',
    status: 500,
    reason: 'Something went wrong on our side; the logs tell more under the `requestId`.',
  },
  {
    name: 'ReadUnavailable',
    status: 503,
    reason:
      'The service has too much to do, or its database is not reachable; try again after `Retry-After` seconds.',
    kinds: ['unavailable'],
    headers: { 'Retry-After': 'RetryAfter' },
    holdsFor: (operation, method) => method === 'get' && takesKey(operation),
  },
  {
    name: 'Unavailable',
    status: 503,
    reason:
      'The service has too much to do, or its database is not reachable: nothing was done, so try again after `Retry-After` seconds.',
    reasons: {
      'outcome-unknown':
        'The change may have been made: ask again under the same `Idempotency-Key`, or look before repeating the request. There is no `Retry-After` then.',
    },
    headers: { 'Retry-After': 'RetryAfter' },
    holdsFor: takesKey,
  },
];

/** Adds the answers that any operation may give; where it has one of its own with the status, that stays. */
export function describeCommonAnswers(document: OpenAPIObject): void {
  const responses = Object.fromEntries(commonAnswers.map((answer) => [answer.name, described(answer)]));
  document.components = { ...document.components, responses };
  for (const { operation, method, path } of operationsOf(document)) {
    for (const { name, status, holdsFor } of commonAnswers) {
      if (holdsFor?.(operation, method, path) === false) continue;
      operation.responses[status] ??= { $ref: `#/components/responses/${name}` };
    }
  }
}

/** With an example of each kind of problem that has the status; one without a kind has no body of ours. */
function described({ status, reason, reasons = {}, headers = {}, kinds }: CommonAnswer): Response {
  const problems = problemKindNames
    .filter((kind) => problemKinds[kind].status === status && kinds?.includes(kind) !== false)
    .map((kind) => ({ kind, reason: reasons[kind] ?? reason }));
  const answer = problems.length > 0 ? problemAnswer(problems) : { description: reason };
  const own = Object.entries(headers).map(([name, described]) => [name, header(described)]);
  return { ...answer, headers: { ...answer.headers, ...Object.fromEntries(own) } };
}
