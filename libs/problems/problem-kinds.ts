/** Every kind of problem that the service answers with. The name is the stable part of a problem's `type`. */
export const problemKindNames = [
  'invalid-input',
  'unauthorized',
  'forbidden',
  'not-found',
  'method-not-allowed',
  'request-timeout',
  'request-in-progress',
  'conflict',
  'payload-too-large',
  'unsupported-media-type',
  'expectation-failed',
  'idempotency-key-reused',
  'too-many-requests',
  'headers-too-large',
  'internal',
  'outcome-unknown',
  'unavailable',
] as const;

export type ProblemKind = (typeof problemKindNames)[number];

export const problemKinds: Record<ProblemKind, { status: number; title: string }> = {
  'invalid-input': { status: 400, title: 'The input is invalid' },
  unauthorized: { status: 401, title: 'A valid API key is needed' },
  forbidden: { status: 403, title: 'The origin or the host of the request is not allowed' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'request-in-progress': { status: 409, title: 'The same request is still in progress' },
  conflict: { status: 409, title: 'Not possible in the current state' },
  'payload-too-large': { status: 413, title: 'The payload is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported' },
  'expectation-failed': { status: 417, title: 'The expectation cannot be met' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Unexpected error in the service' },
  'outcome-unknown': { status: 503, title: 'The change may have been made' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
};

/** What a problem of a kind has as its `type`. */
export function problemType(kind: ProblemKind): string {
  return `urn:event-message-service:problem:${kind}`;
}
