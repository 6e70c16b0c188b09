import { createHash, type Hash } from 'node:crypto';
import { LoopTurn } from '#libs/payloads';

/** Deeper than any payload that is accepted, and than what could exhaust the stack. */
const MAX_DEPTH = 32;

/**
 * Tells one request from another under the same key: SHA-256 over the operation and the payload's meaning.
 * White space and the order of an object's fields have none, as many languages write them in any order; the
 * order of a list has. The items of the payload's own lists are taken in turns with other requests.
 */
export async function fingerprintOf(operation: string, payload: unknown): Promise<Buffer> {
  const hash = createHash('sha256').update(`${operation}\n`);
  if (isObject(payload)) await hashInTurns(hash, payload);
  else hash.update(canonical(payload, 0));
  return hash.digest();
}

/** What is hashed is {@link canonical} of the payload to the letter: keys of an older version are known again. */
async function hashInTurns(hash: Hash, payload: object): Promise<void> {
  const turn = new LoopTurn();
  let before = '{';
  for (const [name, child] of sortedFields(payload)) {
    hash.update(`${before}${JSON.stringify(name)}:`);
    before = ',';
    if (!Array.isArray(child)) {
      hash.update(canonical(child, 1));
      continue;
    }
    let opening = '[';
    for (const item of child) {
      if (turn.isOver) await turn.next();
      hash.update(`${opening}${canonical(item, 2)}`);
      opening = ',';
    }
    hash.update(child.length === 0 ? '[]' : ']');
  }
  hash.update(before === '{' ? '{}' : '}');
}

/** What lies too deep is the same whatever it is: such a payload is refused, so nothing is kept of it. */
export function canonical(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) return '…';
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? '';
  const fields = sortedFields(value).map(
    ([name, child]) => `${JSON.stringify(name)}:${canonical(child, depth + 1)}`,
  );
  return `{${fields.join(',')}}`;
}

function sortedFields(value: object): [string, unknown][] {
  return Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
