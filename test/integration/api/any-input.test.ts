import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from '../../support/api.js';
import { oddRequests, type OddRequest } from '../../support/odd-requests.js';
import { OpenApi, type Operation } from '../../support/openapi.js';
import { WatchedTables } from '../../support/watched-tables.js';

/** Give it to see again what a failure names. */
const seed = Number(process.env['INPUT_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

/** Milliseconds in which everything has to be answered, whatever it is, and of work that it may cost. */
const IN_TIME = 20_000;
const MOST_WORK = 2_000;

/** What the transport itself may say, to whichever operation. */
const always = [400, 401, 403, 404, 405, 413, 414, 415, 431];

let api: TestApi;
let http: Pool;
let document: OpenApi;
let tables: WatchedTables;

beforeAll(async () => {
  api = await TestApi.start();
  await api.app.listen(0, '127.0.0.1');
  const { port } = api.app.getHttpServer().address() as AddressInfo;
  http = new Pool(`http://127.0.0.1:${port}`, { connections: 1 });
  document = new OpenApi((await api.get('/docs-json')).body);
  tables = await WatchedTables.of(api);
});
afterAll(async () => {
  await http.close();
  await api.end();
});

interface Answered {
  status: number;
  text: string;
  type: string;
}

/** Rejects when there is no answer in time. */
async function ask(method: string, { path, headers, body }: OddRequest): Promise<Answered> {
  const answer = await http.request({
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(IN_TIME),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, text, type: String(answer.headers['content-type'] ?? '') };
}

/** A refusal says so in the one form that there is. */
function expectProblem({ status, text, type }: Answered, told: string): void {
  expect(type, told).toMatch(/^application\/(problem\+)?json/);
  const problem = JSON.parse(text) as Record<string, unknown>;
  expect(problem['status'] ?? problem['statusCode'], told).toBe(status);
  if (!type.includes('problem')) return;
  expect(document.mismatches({ $ref: '#/components/schemas/Problem' }, problem), told).toEqual([]);
  if (problem['type'] === 'urn:event-message-service:problem:invalid-input') {
    expect(String(problem['detail']), told).not.toBe('');
  }
}

/** What was done was done as a whole: the thing reads afterwards as it was answered. */
async function expectDone({ name, answer, path }: { name: string; answer: Answered; path: string }) {
  const made = (answer.text === '' ? {} : JSON.parse(answer.text)) as { id?: number };
  const [, , resource = ''] = path.split('/');
  if (made.id === undefined || !document.document.paths[`/v1/${resource}/{id}`]?.['get']) return;
  const { body } = await api.get(`/v1/${resource}/${made.id}`);
  for (const [field, value] of Object.entries(made)) {
    if (field in body) expect(body[field], `${name}: ${field}`).toEqual(value);
  }
}

/** How often each status was answered. */
async function askAll(method: string, template: string, operation: Operation): Promise<Map<number, number>> {
  const seen = new Map<number, number>();
  await tables.reset();
  let before = await tables.read();
  for (const request of oddRequests(document, template, operation, seed)) {
    const told = `seed ${seed}: ${method} ${template}, ${request.name}`;
    const workBefore = process.cpuUsage();
    const answer = await ask(method, request).catch((error: unknown) => {
      throw new Error(`${told}: no answer, ${String(error)}`);
    });
    // The service works in this process; a clock would count what others do on this machine, too.
    expect(process.cpuUsage(workBefore).user / 1_000, told).toBeLessThan(MOST_WORK);
    seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
    const possible = [...Object.keys(operation.responses).map(Number), ...always];
    expect(possible, `${told}: ${answer.text.slice(0, 500)}`).toContain(answer.status);
    expect(answer.status, `${told}: ${answer.text.slice(0, 500)}`).toBeLessThan(500);
    if (answer.status >= 400) {
      expectProblem(answer, told);
      expect(await tables.read(), told).toBe(before);
    } else if (method !== 'GET') {
      await expectDone({ name: told, answer, path: template });
      await tables.reset();
      before = await tables.read();
    }
  }
  return seen;
}

test('every operation takes or refuses whatever it is sent, at once, and changes all or nothing', async () => {
  let asked = 0;
  for (const { name, method, path, operation } of document.operations) {
    if (!path.startsWith('/v1')) continue;
    const seen = await askAll(method.toUpperCase(), path, operation);
    asked += [...seen.values()].reduce((sum, count) => sum + count);
    expect([...seen.keys()], `${name} refuses something`).toContain(400);
  }
  expect(asked).toBeGreaterThan(2_000);
  expect(Object.keys(Object.prototype), 'nothing was added to every object').toEqual([]);
});
