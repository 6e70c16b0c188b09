import { problemKinds } from '#libs/problems';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aClient, aMailing, type Answer, inHours, TestApi } from '../../support/api.js';
import { examplesOf, OpenApi } from '../../support/openapi.js';

let api: TestApi;
let document: OpenApi;

beforeAll(async () => {
  api = await TestApi.start();
  document = new OpenApi((await api.get('/docs-json')).body);
});
afterAll(() => api.end());

/** Whether there is a kind of problem with the status: the transport refuses some things without a body. */
function answersWith(status: string): boolean {
  return Object.values(problemKinds).some((kind) => kind.status === Number(status));
}

test('every reference leads somewhere', () => {
  const references = JSON.stringify(document.document).matchAll(/"\$ref":"([^"]*)"/g);
  const whole = document.document as unknown;
  for (const [, $ref = ''] of references) {
    const found = $ref
      .split('/')
      .slice(1)
      .reduce((part, name) => Object(part)[name], whole);
    expect(found, $ref).toBeDefined();
  }
});

test('every operation says what it does, what it takes and what it answers', () => {
  const names = document.operations.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, path, operation } of document.operations) {
    expect(operation.summary, name).toEqual(expect.any(String));
    expect(operation.tags, name).toHaveLength(1);
    expect((path.match(/\{/g) ?? []).length, name).toBe(
      (operation.parameters ?? []).filter((parameter) => parameter.in === 'path').length,
    );
    for (const parameter of operation.parameters ?? []) {
      expect(parameter.description, `${name} ${parameter.name}`).toEqual(expect.any(String));
    }
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(response.description, `${name} ${status}`).toEqual(expect.any(String));
      const isEmpty = status === '204' || (Number(status) >= 400 && !answersWith(status));
      expect(response.content === undefined, `${name} ${status}`).toBe(isEmpty);
    }
  }
});

test('every operation under /v1 documents its problems, with an example of each', () => {
  const operations = document.operations.filter(({ path }) => path.startsWith('/v1'));
  expect(operations).toHaveLength(24);
  for (const { name, path, operation } of operations) {
    const statuses = Object.keys(operation.responses);
    expect(statuses, name).toEqual(expect.arrayContaining(['400', '401', '500', '503']));
    if (operation.requestBody) expect(statuses, name).toEqual(expect.arrayContaining(['413', '415']));
    if (path.includes('{id}')) expect(statuses, name).toContain('404');
    for (const status of statuses.filter((one) => Number(one) >= 400 && answersWith(one))) {
      const content = operation.responses[status]?.content?.['application/problem+json'];
      expect(content, `${name} ${status}`).toBeDefined();
      const examples = examplesOf(content!);
      expect(examples.length, `${name} ${status}`).toBeGreaterThan(0);
      for (const example of examples) {
        expect(document.mismatches(content!.schema, example), `${name} ${status}`).toEqual([]);
        expect(example).toMatchObject({ status: Number(status) });
      }
    }
  }
});

test('the example of a 400 is what the operation answers to that mistake', async () => {
  for (const { name, method, path, operation } of document.operations) {
    const problems = operation.responses['400']?.content?.['application/problem+json'];
    if (problems === undefined) continue;
    const [example] = examplesOf(problems);
    const content = operation.requestBody?.content['application/json'];
    const wrong =
      path.replace('{id}', content ? '1' : 'x') + (content || path.includes('{') ? '' : '?limit=0');
    const body = content && { ...Object(document.exampleOf(content.schema)), colour: 'red' };
    const answer = await api.call(method.toUpperCase(), wrong, { body });
    const { instance: _, requestId: __, ...said } = Object(example);
    expect(answer.body, name).toMatchObject(said);
    expect(said.errors, name).toHaveLength(1);
  }
});

test('what is added is scheduled in the example, and is found where Location says', () => {
  for (const resource of ['clients', 'mailings']) {
    const created = document.document.paths[`/v1/${resource}`]?.['post']?.responses['201'];
    expect(created).toMatchObject({ headers: { Location: { schema: { example: `/v1/${resource}/1` } } } });
  }
  const mailing = document.exampleOf({ $ref: '#/components/schemas/Mailing' });
  expect(mailing).toMatchObject({ id: 1, status: 'scheduled', startedAt: null, finishedAt: null });
});

test('a key is taken for what it is, and the document says where to find it as JSON', () => {
  expect(document.document).toMatchObject({
    info: { description: expect.stringContaining('(/docs-json)') },
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', bearerFormat: 'opaque' } } },
  });
});

test('every field is described, and its example is one', () => {
  for (const [name, schema] of document.schemas) {
    for (const [field, property] of Object.entries(schema.properties ?? {})) {
      expect(property.description, `${name}.${field}`).toEqual(expect.any(String));
      if (property.example !== undefined) {
        expect(document.mismatches(property, property.example, `${name}.${field}`)).toEqual([]);
      }
    }
  }
});

async function anUnknownMessage(): Promise<void> {
  await api.query(
    `INSERT INTO batches (mailing_id, provider_id, state, size, due_at) VALUES (1, 1, 'done', 1, now())`,
  );
  await api.query(
    `INSERT INTO messages (id, mailing_id, client_id, batch_id, phone, status)
     VALUES (1, 1, 1, 1, 79001112233, 'unknown')`,
  );
}

test('the examples of bodies are accepted as they stand', async () => {
  const bodies = document.operations.filter(({ operation }) => operation.requestBody);
  expect(bodies).toHaveLength(8);
  for (const { name, method, path, operation } of bodies) {
    const content = operation.requestBody!.content['application/json']!;
    for (const body of [...examplesOf(content), document.exampleOf(content.schema)]) {
      await aFreshStart(path.includes('{id}'));
      const answer = await api.call(method.toUpperCase(), path.replace('{id}', '1'), { body });
      expect(answer.status, `${name} ${JSON.stringify(answer.body)}`).toBeLessThan(300);
    }
  }
});

async function aFreshStart(withThings: boolean): Promise<void> {
  await api.query(
    'TRUNCATE clients, mailings, messages, batches, attempts, mailing_counters RESTART IDENTITY',
  );
  if (!withThings) return;
  await api.post('/v1/clients', aClient());
  await api.post('/v1/mailings', aMailing());
  await anUnknownMessage();
}

describe('what is answered is what is documented', () => {
  const answers = new Map<string, Answer>();

  beforeAll(async () => {
    await api.query(
      'TRUNCATE clients, mailings, messages, batches, attempts, mailing_counters RESTART IDENTITY',
    );
    const call = async (method: string, path: string, body?: unknown) => {
      const template = path.replace(/\?.*/, '').replace(/\/\d+/, '/{id}');
      answers.set(`${method} ${template}`, await api.call(method, path, { body }));
    };
    await call('PATCH', '/v1/providers/1', { rateLimit: null });
    await call('POST', '/v1/clients', aClient({ tags: ['a'], attributes: { x: 1 } }));
    await call('POST', '/v1/clients/batch', { items: [aClient({ phone: '+12025550123' }), {}, aClient()] });
    await call('POST', '/v1/mailings', aMailing({ window: { from: '09:00', to: '21:00' } }));
    await api.post('/v1/mailings', aMailing({ audience: { tags: ['a'] } }));
    await call('PATCH', '/v1/clients/1', { tags: [] });
    await call('PATCH', '/v1/mailings/1', { endAt: inHours(60) });
    for (const verb of ['pause', 'resume', 'cancel']) await call('POST', `/v1/mailings/1/${verb}`);
    await api.query(`UPDATE mailings SET started_at = now()`);
    await api.query(
      `INSERT INTO messages (id, mailing_id, client_id, batch_id, phone, attempts, last_error)
       VALUES (1, 1, 1, 1, 79001112233, 1, 'HTTP 500')`,
    );
    await api.query(
      `INSERT INTO attempts (message_id, number, at, outcome, http_status, error, latency_ms, dispatcher)
       VALUES (1, 1, now(), 'ambiguous', 500, 'HTTP 500', 3, gen_random_uuid())`,
    );
    for (const path of [
      '/v1/clients?limit=1',
      '/v1/clients/1',
      '/v1/mailings?limit=1',
      '/v1/mailings/1',
      '/v1/mailings/1/messages',
      '/v1/clients/1/messages',
      '/v1/messages/1',
      '/v1/providers?limit=1',
      '/v1/providers/1',
      '/v1/statistics?limit=1',
      '/v1/mailings/1/statistics',
    ]) {
      await call('GET', path);
    }
    await api.query(`UPDATE messages SET status = 'unknown'`);
    await call('POST', '/v1/messages/1/resolve', { as: 'sent' });
    await call('POST', '/v1/mailings/1/resolve', { as: 'sent' });
    await call('DELETE', '/v1/clients/1');
    await call('DELETE', '/v1/mailings/1');
  });

  test('by every operation under /v1', () => {
    for (const { name, operation } of document.operations.filter(({ path }) => path.startsWith('/v1'))) {
      const answer = answers.get(name);
      const documented = operation.responses[String(answer?.status)];
      expect(documented, `${name} answered ${answer?.status} ${JSON.stringify(answer?.body)}`).toBeDefined();
      const schema = documented?.content?.['application/json']?.schema;
      if (schema) expect(document.mismatches(schema, answer?.body), name).toEqual([]);
      else expect(answer?.body, name).toBeUndefined();
      expect(answer?.status, name).toBeLessThan(300);
    }
  });
});

test('the pages of the documentation are served', async () => {
  const page = await api.get('/docs');
  expect(page.headers['content-type']).toMatch(/^text\/html/);
  expect(page.body).toContain('Event Message Service');
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-init.js']) {
    expect((await api.get(`/docs/${file}`)).status).toBe(200);
  }
});
