import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';

export const milliseconds = z.int().min(0).max(86_400_000);

const status = z.int().min(200).max(599);
const headerValue = z.string().refine((value) => doesNotThrow(() => validateHeaderValue('x', value)), {
  message: 'must be a legal header value',
});
const headers = z
  .record(z.string(), headerValue)
  .refine((given) => Object.keys(given).every((name) => doesNotThrow(() => validateHeaderName(name))), {
    message: 'every name must be a legal header name',
  });

/**
 * Which requests a fault hits: all that match every field given. `rate` and `every` exclude each other;
 * without either every matching request is hit.
 */
const selection = {
  /** Probability of each matching request, drawn from the behaviour's seed. */
  rate: z.number().min(0).max(1).optional(),
  /** Each n-th matching request: the n-th, the 2n-th and so on, whether or not another fault takes it. */
  every: z.int().min(1).optional(),
  /** Leaves alone the first n matching requests. */
  skip: z.int().min(0).optional(),
  /** Rests for good after n hits. */
  times: z.int().min(1).optional(),
  /** Only what is more than n matching requests in any second, those that it hits not counted. */
  abovePerSecond: z.int().min(1).max(100_000).optional(),
  /** Only the first n requests of each message id. */
  perId: z.int().min(1).optional(),
  /** Only these message ids. */
  ids: z.array(z.int().min(0)).min(1).optional(),
};
const bodySelection = {
  ...selection,
  /** Only messages to these phones. */
  phones: z.array(z.int().min(0)).min(1).optional(),
  /** Only messages whose text contains this. */
  textIncludes: z.string().min(1).optional(),
};

/** Objects and arrays are sent as JSON, a string as plain text, null as an empty body. */
const anyBody = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown()), z.string(), z.null()]);

const codings = ['gzip', 'x-gzip', 'deflate', 'rawDeflate', 'br'] as const;
export type Coding = (typeof codings)[number];

const informationalStatuses = [100, 102, 103] as const;
export type InformationalStatus = (typeof informationalStatuses)[number];

const encoding = z.array(z.enum(codings)).min(1).max(8);
const informational = z.array(z.literal(informationalStatuses)).max(8);

/** What the provider does with a request that a fault hits. Unless said otherwise it is not accepted. */
const faultOptions = [
  /** Answers `status`; without `body` with the provider's own error body. */
  z.strictObject({
    kind: z.literal('status'),
    status,
    body: anyBody.optional(),
    headers: headers.default({}),
    ...bodySelection,
  }),
  /** Accepts, then answers as `status` does. */
  z.strictObject({
    kind: z.literal('acceptThenStatus'),
    status: status.default(500),
    body: anyBody.optional(),
    headers: headers.default({}),
    ...bodySelection,
  }),
  /** Never answers; the socket stays open, or is closed after `holdMs`. */
  z.strictObject({ kind: z.literal('hang'), holdMs: milliseconds.optional(), ...bodySelection }),
  /** Accepts, then never answers. */
  z.strictObject({
    kind: z.literal('acceptThenHang'),
    holdMs: milliseconds.optional(),
    ...bodySelection,
  }),
  /** Accepts and answers properly, `delayMs` later than the others. */
  z.strictObject({ kind: z.literal('slow'), delayMs: milliseconds, ...bodySelection }),
  /** Answers 429 (or 503) with `Retry-After`: a number is seconds, a string goes out as it is. */
  z.strictObject({
    kind: z.literal('throttle'),
    status: z.union([z.literal(429), z.literal(503)]).default(429),
    retryAfter: z.union([z.number().min(0), headerValue, z.strictObject({ dateInMs: z.int() })]).default(1),
    ...bodySelection,
  }),
  /** Answers 200 with a login page in HTML. */
  z.strictObject({ kind: z.literal('html'), accept: z.boolean().default(false), ...bodySelection }),
  /** Answers 200 with a body that the contract does not know. */
  z.strictObject({
    kind: z.literal('wrongBody'),
    body: anyBody.default({ status: 'queued' }),
    accept: z.boolean().default(false),
    ...bodySelection,
  }),
  /** Answers 200 with a proper body whose `code` says no. */
  z.strictObject({
    kind: z.literal('codeBody'),
    code: z.int().refine((code) => code !== 0, { message: 'must not be 0, which means success' }),
    message: z.string().default('not now'),
    ...bodySelection,
  }),
  z.strictObject({
    kind: z.literal('redirect'),
    status: z.literal([301, 302, 303, 307, 308]).default(302),
    location: headerValue.default('/login'),
    ...bodySelection,
  }),
  /** Resets the connection when the headers are in; decided before all other faults, without the body. */
  z.strictObject({ kind: z.literal('resetBeforeBody'), ...selection }),
  /** Resets the connection when the whole request is in. */
  z.strictObject({
    kind: z.literal('resetAfterBody'),
    accept: z.boolean().default(false),
    ...bodySelection,
  }),
  /** Answers properly, but a byte of the body every `everyMs`. */
  z.strictObject({
    kind: z.literal('drip'),
    everyMs: milliseconds.min(1),
    accept: z.boolean().default(true),
    ...bodySelection,
  }),
  /** Accepts, answers properly as if to keep the connection, and closes it `afterMs` later without a word. */
  z.strictObject({
    kind: z.literal('closeIdle'),
    afterMs: milliseconds.default(0),
    ...bodySelection,
  }),
  /** Accepts and answers properly in `codings`, the first one innermost, behind informational answers if told so. */
  z.strictObject({
    kind: z.literal('encoded'),
    codings: encoding.default(['gzip']),
    informational: informational.default([]),
    ...bodySelection,
  }),
  /** Answers as `encoded` does, without the last four bytes. */
  z.strictObject({
    kind: z.literal('brokenEncoding'),
    codings: encoding.default(['gzip']),
    accept: z.boolean().default(false),
    ...bodySelection,
  }),
  /** Accepts and answers properly, behind informational answers. */
  z.strictObject({
    kind: z.literal('informational'),
    statuses: informational.min(1).default([100]),
    ...bodySelection,
  }),
] as const;

export const faultKinds = faultOptions.map((option) => option.shape.kind.value);
export type FaultKind = (typeof faultKinds)[number];

export const faultSchema = z
  .discriminatedUnion('kind', faultOptions, { error: () => `kind must be one of ${faultKinds.join(', ')}` })
  .refine((fault) => fault.rate === undefined || fault.every === undefined, {
    message: 'rate and every exclude each other',
  });

export type Fault = z.output<typeof faultSchema>;

function doesNotThrow(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
