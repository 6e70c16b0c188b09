import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestReply } from '../../../apps/api/nats/request-reply.js';
import { TestApi } from '../../support/api.js';
import { sources } from '../../support/documents.js';
import { NatsClient } from '../../support/nats-client.js';
import { oddBodies } from '../../support/odd-bodies.js';
import { OpenApi, type Operation, type Schema } from '../../support/openapi.js';
import { until } from '../../support/until.js';
import { WatchedTables } from '../../support/watched-tables.js';

/** Give it to see again what a failure names. */
const seed = Number(process.env['INPUT_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

/** Milliseconds in which everything has to be answered, whatever it is, and of work that it may cost. */
const IN_TIME = 20_000;
const MOST_WORK = 2_000;

/** The operations whose subjects have another name, with the name of their id. */
const otherwise: Record<string, { operation: string; id: string }> = {
  'messages.list': { operation: 'messages.listOfMailing', id: 'mailingId' },
  'statistics.mailing': { operation: 'statistics.ofMailing', id: 'id' },
};

let api: TestApi;
let nats: NatsClient;
let document: OpenApi;
let tables: WatchedTables;

beforeAll(async () => {
  api = await TestApi.start();
  api.app.connectMicroservice(requestReply(api.app));
  await api.app.startAllMicroservices();
  nats = await NatsClient.connect(api.natsUrl);
  document = new OpenApi((await api.get('/docs-json')).body);
  tables = await WatchedTables.of(api);
  await until(
    'requests are answered',
    async () => (await nats.request('ems.statistics.get')).body.total === 0,
  );
});
afterAll(async () => {
  await nats.close();
  await api.end();
});

/** Every subject that a controller answers. */
const subjects = sources('apps/api').flatMap(({ text }) =>
  [...text.matchAll(/@MessagePattern\('(ems\.[^']+)'\)/g)].map(([, subject = '']) => subject),
);

/** What a subject takes: what its operation over HTTP takes in path, query and body, all in one object. */
function payloadOf(subject: string): { schema: Schema; right: Record<string, unknown> } {
  const name = subject.replace('ems.', '');
  const { operation: wanted, id } = otherwise[name] ?? { operation: name, id: 'id' };
  const operation = document.operations.find((one) => one.operation.operationId === wanted)?.operation;
  const { parameters = [], requestBody }: Partial<Operation> = operation ?? {};
  const body = document.resolve(requestBody?.content['application/json']?.schema ?? {});
  const hasId = parameters.some((one) => one.in === 'path') || operation === undefined;
  const query = parameters.filter((one) => one.in === 'query').map((one) => [one.name, one.schema]);
  return {
    schema: { properties: { ...(hasId && { [id]: {} }), ...Object.fromEntries(query), ...body.properties } },
    right: { ...(hasId && { [id]: 1 }), ...Object(requestBody ? document.exampleOf(body) : {}) },
  };
}

/** How often each status was answered; 200 for whatever succeeded. */
async function askAll(subject: string): Promise<Map<number, number>> {
  const { schema, right } = payloadOf(subject);
  const seen = new Map<number, number>();
  await tables.reset();
  let before = await tables.read();
  for (const { name, body } of oddBodies(document, schema, JSON.stringify(right), seed)) {
    // NATS itself refuses what is larger.
    if (Buffer.byteLength(body) > (nats.connection.info?.max_payload ?? 0)) continue;
    const told = `seed ${seed}: ${subject}, ${name}`;
    const workBefore = process.cpuUsage();
    const message = await nats.connection
      .request(subject, body, { timeout: IN_TIME })
      .catch((error: unknown) => {
        throw new Error(`${told}: no answer, ${String(error)}`);
      });
    // The service works in this process; a clock would count what others do on this machine, too.
    expect(process.cpuUsage(workBefore).user / 1_000, told).toBeLessThan(MOST_WORK);
    const answer = message.json<Record<string, unknown>>();
    const status = Number(message.headers?.get('Nats-Service-Error-Code') || 200);
    seen.set(status, (seen.get(status) ?? 0) + 1);
    expect([200, 400, 404, 409, 413], `${told}: ${JSON.stringify(answer)}`).toContain(status);
    if (status === 200) {
      await tables.reset();
      before = await tables.read();
    } else {
      expect(answer['status'], told).toBe(status);
      expect(document.mismatches({ $ref: '#/components/schemas/Problem' }, answer), told).toEqual([]);
      expect(await tables.read(), told).toBe(before);
    }
  }
  return seen;
}

test('every subject takes or refuses whatever it is sent, at once, and changes all or nothing', async () => {
  expect(subjects.length).toBeGreaterThan(15);
  for (const subject of subjects) expect([...(await askAll(subject)).keys()], subject).toContain(400);
  expect(Object.keys(Object.prototype), 'nothing was added to every object').toEqual([]);
});
