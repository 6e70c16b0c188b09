import { expect, test } from 'vitest';
import type { Call, TestApi } from './api.js';

/** What is wrong, the call, the status of the answer, and the paths of the fields that it names. */
export type WrongCall = [
  name: string,
  method: string,
  path: string,
  call: Call,
  status: number,
  paths: string[],
];

/** Each of the calls is refused with a problem that names its fields, and leaves every table as it was. */
export function refuses(
  cases: WrongCall[],
  api: () => TestApi,
  ids: () => Record<string, number> = () => ({}),
): void {
  test.each(cases)('%s is refused and changes nothing', async (_, method, path, call, status, paths) => {
    const before = await api().snapshot();
    const url = Object.entries(ids()).reduce((url, [name, id]) => url.replace(`:${name}`, String(id)), path);
    const answer = await api().call(method, url, call);

    expect(answer.body).toMatchObject({
      type: expect.stringMatching(/^urn:event-message-service:problem:[a-z-]+$/),
      title: expect.any(String),
      status,
      detail: expect.any(String),
      instance: url.split('?')[0],
      requestId: answer.headers['x-request-id'],
    });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    const named = (answer.body.errors ?? []).map((error: { path: string }) => error.path);
    expect(named.toSorted()).toEqual(paths.toSorted());
    expect(await api().snapshot()).toEqual(before);
  });
}
