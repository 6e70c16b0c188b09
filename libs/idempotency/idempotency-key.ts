import { Problem } from '#libs/problems';

/** The header, over HTTP and over NATS, by which a request can be told from its repetition. */
export const HEADER = 'Idempotency-Key';

/** Says `true` on an answer that an earlier request with the key has got. */
export const REPLAYED_HEADER = 'Idempotency-Replayed';

/** Printable ASCII without the space: a header that is there twice arrives joined by one. */
const acceptable = /^[!-~]{1,255}$/;

/** The key in a header's value, undefined without one. Throws a {@link Problem} for what can't be a key. */
export function readKey(value: string | undefined): string | undefined {
  if (value === undefined || acceptable.test(value)) return value;
  throw Problem.invalid([
    { path: HEADER, message: 'must be 1 to 255 printable ASCII characters without a space, given once' },
  ]);
}
