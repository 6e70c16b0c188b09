import { createHash } from 'node:crypto';

/** Deeper than any payload that is accepted, and than what could exhaust the stack. */
const MAX_DEPTH = 32;

/**
 * Tells one request from another under the same key: SHA-256 over the operation and the payload's meaning.
 * White space and the order of an object's fields have none, as many languages write them in any order; the
 * order of a list has.
 */
export function fingerprintOf(operation: string, payload: unknown): Buffer {
  return createHash('sha256')
    .update(`${operation}\n${canonical(payload, 0)}`)
    .digest();
}

/** What lies too deep is the same whatever it is: such a payload is refused, so nothing is kept of it. */
function canonical(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) return '…';
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const fields = Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, child]) => `${JSON.stringify(name)}:${canonical(child, depth + 1)}`);
  return `{${fields.join(',')}}`;
}
