import { parseInt64, type Int64 } from './int64.js';

/** What a provider is asked to send; `id` is its idempotency key. */
export interface SendMessage {
  readonly id: Int64;
  readonly phone: Int64;
  readonly text: string;
}

/** Reads a request's body against the contract; a string is the sentence that says what is wrong with it. */
export function readSendMessage(body: string, pathId: Int64): SendMessage | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return 'the body is not JSON';
  }
  if (!isObject(parsed)) return 'the body must be a JSON object';
  const { id, phone, text } = parsed;
  const exactId = int64Of(body, 'id', id);
  if (exactId === undefined) return 'id must be an int64';
  if (exactId !== pathId) return `id ${exactId} is not the ${pathId} of the path`;
  const exactPhone = int64Of(body, 'phone', phone);
  if (exactPhone === undefined) return 'phone must be an int64';
  if (typeof text !== 'string') return 'text must be a string';
  return { id: pathId, phone: exactPhone, text };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** JSON.parse rounds integers above 2^53 − 1, so those are read again from the source. */
function int64Of(body: string, field: string, value: unknown): Int64 | undefined {
  if (typeof value !== 'number') return undefined;
  if (Number.isSafeInteger(value)) return value >= 0 ? value : undefined;
  const source = new RegExp(`"${field}"\\s*:\\s*(\\d+)\\s*[,}]`).exec(body);
  return source?.[1] === undefined ? undefined : parseInt64(source[1]);
}
