import type { TestApi } from './api.js';

/** What was answered, down to its bytes. */
export interface KeyedAnswer {
  status: number;
  location: string | undefined;
  contentType: string | undefined;
  text: string;
  /** The header that tells a repetition. */
  replayed: string | undefined;
}

/** POSTs with an `Idempotency-Key`; a string is sent as it is, anything else as JSON. */
export async function keyedPost(
  api: TestApi,
  path: string,
  body: unknown,
  key: string | string[],
): Promise<KeyedAnswer> {
  const payload = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
  const answer = await api.app.inject({
    method: 'POST',
    url: path,
    headers: { 'idempotency-key': key, ...(payload !== undefined && { 'content-type': 'application/json' }) },
    ...(payload !== undefined && { payload }),
  });
  const header = (name: string) => answer.headers[name] as string | undefined;
  return {
    status: answer.statusCode,
    location: header('location'),
    contentType: header('content-type'),
    text: answer.body,
    replayed: header('idempotency-replayed'),
  };
}

/** The same answer as given again under its key. */
export function again(answer: KeyedAnswer): KeyedAnswer {
  return { ...answer, replayed: 'true' };
}
