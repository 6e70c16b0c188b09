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
  appliesTo?: (operation: Operation, method: string, path: string) => boolean;
}

const takesKey = ({ security }: Operation) => security?.length !== 0;
const takesBody = ({ requestBody }: Operation) => requestBody !== undefined;

const commonAnswers: CommonAnswer[] = [
  {
    name: 'Unauthorized',
    status: 401,
    reason:
      'The service has API keys, and the request carries none of them. Send one as `Authorization: Bearer <key>`.',
    headers: { 'WWW-Authenticate': 'Authenticate' },
    appliesTo: takesKey,
  },
  {
    name: 'Forbidden',
    status: 403,
    reason:
      'The request comes from a web page of another origin. Or the service has no API keys, and the `Host` header is neither localhost nor a loopback address.',
  },
  {
    name: 'MethodNotAllowed',
    status: 405,
    reason:
      'The path does not support this method. The `Allow` header lists the methods that the path supports.',
    headers: { Allow: 'Allow' },
  },
  {
    name: 'RequestTimeout',
    status: 408,
    reason: 'The request did not arrive completely in time. The service closes the connection.',
  },
  {
    name: 'PayloadTooLarge',
    status: 413,
    reason: 'The body is larger than 1 MiB.',
    appliesTo: takesBody,
  },
  {
    name: 'UnsupportedMediaType',
    status: 415,
    reason: 'The content type is not `application/json`, or the body is compressed.',
    appliesTo: takesBody,
  },
  {
    name: 'ExpectationFailed',
    status: 417,
    reason: 'The `Expect` header has another value than `100-continue`.',
  },
  {
    name: 'TooManyRequests',
    status: 429,
    reason:
      'Too many wrong keys came from this address. Wait `Retry-After` seconds. A request with a valid key is always answered.',
    headers: { 'Retry-After': 'RetryAfter' },
    appliesTo: (operation, _method, path) => takesKey(operation) || tellsByKey(path),
  },
  {
    name: 'HeadersTooLarge',
    status: 431,
    reason:
      'The request line and the headers are together larger than 16 KiB. The service closes the connection.',
  },
  {
    name: 'InternalError',
    status: 500,
    reason: 'The service failed unexpectedly. Look for the `requestId` in its logs.',
  },
  {
    name: 'ReadUnavailable',
    status: 503,
    reason: 'The service is overloaded, or its database is not reachable. Retry after `Retry-After` seconds.',
    kinds: ['unavailable'],
    headers: { 'Retry-After': 'RetryAfter' },
    appliesTo: (operation, method) => method === 'get' && takesKey(operation),
  },
  {
    name: 'Unavailable',
    status: 503,
    reason:
      'The service is overloaded, or its database is not reachable. Nothing was changed: retry after `Retry-After` seconds.',
    reasons: {
      'outcome-unknown':
        'The change may have been made. Retry with the same `Idempotency-Key`, or read the resource before you repeat the request. This answer has no `Retry-After`.',
    },
    headers: { 'Retry-After': 'RetryAfter' },
    appliesTo: takesKey,
  },
];

/** Adds the answers that any operation may give; where it has one of its own with the status, that stays. */
export function describeCommonAnswers(document: OpenAPIObject): void {
  const responses = Object.fromEntries(commonAnswers.map((answer) => [answer.name, described(answer)]));
  document.components = { ...document.components, responses };
  for (const { operation, method, path } of operationsOf(document)) {
    for (const { name, status, appliesTo } of commonAnswers) {
      if (appliesTo?.(operation, method, path) === false) continue;
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
