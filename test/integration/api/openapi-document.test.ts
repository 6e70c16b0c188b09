import { afterAll, beforeAll, expect, test } from 'vitest';
import { problemKindNames } from '#libs/problems';
import { TestApi } from '../../support/api.js';
import { schemaValidator } from '../../support/json-schema.js';
import { examplesOf, OpenApi, type Schema } from '../../support/openapi.js';

let api: TestApi;
let document: OpenApi;
let errorsOf: ReturnType<typeof schemaValidator>;

beforeAll(async () => {
  api = await TestApi.start();
  document = new OpenApi((await api.get('/docs-json')).body);
  errorsOf = schemaValidator(document);
});
afterAll(() => api.end());

/** Every schema of the document, inner ones too, with where it stands. */
function everySchema(part: unknown, at = ''): [at: string, schema: Schema][] {
  if (typeof part !== 'object' || part === null) return [];
  const inner = Object.entries(part)
    .filter(([name]) => !/^(examples?|enum)$/.test(name))
    .flatMap(([name, child]) => everySchema(child, `${at}/${name}`));
  return [[at, part], ...inner];
}

test('Swagger UI finds nothing to fill in for a parameter, and so sends none unasked', () => {
  let seen = 0;
  for (const { name, operation } of document.operations) {
    for (const parameter of operation.parameters ?? []) {
      const { example, default: preset } = document.resolve(parameter.schema);
      const filled = [parameter.example, parameter.examples, parameter.schema.example, example, preset];
      expect(filled, `${name} ${parameter.name}`).toEqual(filled.map(() => undefined));
      seen += 1;
    }
  }
  expect(seen).toBeGreaterThan(30);
});

test('every integer says how many bits it takes', () => {
  const integers = everySchema(document.document).filter(([, { type }]) => [type].flat().includes('integer'));
  expect(integers.length).toBeGreaterThan(30);
  for (const [at, { format, maximum = Infinity }] of integers) {
    expect(format, at).toBe(maximum < 2 ** 31 ? 'int32' : 'int64');
  }
});

test('no schema is called as the clients that generators make', () => {
  const names = document.schemas.map(([name]) => name);
  expect(names).toContain('ClientRecord');
  expect(names).not.toContain('Client');
});

test('the document refuses the unknown fields that the service refuses, and lets answers gain some', () => {
  for (const { name, operation } of document.operations) {
    const body = operation.requestBody?.content['application/json'];
    if (!body) continue;
    const whole = document.exampleOf(body.schema);
    expect(errorsOf(body.schema, whole), name).toEqual([]);
    for (const odd of withUnknownFields(whole)) {
      expect(errorsOf(body.schema, odd), `${name} ${JSON.stringify(odd)}`).not.toEqual([]);
    }
  }
  const answers = document.operations.flatMap(({ name, operation }) => {
    const status = Object.keys(operation.responses).find((one) => one.startsWith('2')) ?? '';
    const content = operation.responses[status]?.content?.['application/json'];
    return content ? [{ name, content }] : [];
  });
  expect(answers.length).toBeGreaterThan(20);
  for (const { name, content } of answers) {
    for (const more of withUnknownFields(examplesOf(content)[0], true)) {
      expect(errorsOf(content.schema, more), `${name} ${JSON.stringify(more)}`).toEqual([]);
    }
  }
});

/** The value with a field that nobody knows in each of its objects, one at a time; not in maps, which take any. */
function withUnknownFields(value: unknown, inMaps = false): unknown[] {
  if (Array.isArray(value)) {
    return withUnknownFields(value[0], inMaps).map((first) => [first, ...value.slice(1)]);
  }
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value)
    .filter(([name]) => inMaps || name !== 'attributes')
    .filter(([name]) => !['info', 'error', 'details'].includes(name))
    .flatMap(([name, child]) => withUnknownFields(child, inMaps).map((odd) => ({ ...value, [name]: odd })));
  return [{ ...value, colour: 'red' }, ...inner];
}

test('a body that changes something has no defaults, and says nothing of what leaving a field out means', () => {
  const changes = document.operations.filter(({ method }) => method === 'patch');
  expect(changes).toHaveLength(3);
  for (const { name, operation } of changes) {
    const schema = document.resolve(operation.requestBody!.content['application/json']!.schema);
    expect(schema.required, name).toBeUndefined();
    for (const [field, property] of Object.entries(schema.properties ?? {})) {
      expect(property.description, `${name} ${field}`).not.toMatch(/left out|default:/i);
      expect(property.default, `${name} ${field}`).toBeUndefined();
    }
  }
  const { properties = {} } = document.resolve({ $ref: '#/components/schemas/CreateMailingDto' });
  expect(properties['priority']?.description).toBe(
    'The mailing with the higher priority goes first. Default: 0.',
  );
  expect(JSON.stringify(document.document)).not.toContain('x-left-out');
});

test('words of a fixed list are enums with a name', () => {
  const enums = Object.fromEntries(document.schemas.filter(([, schema]) => schema.enum));
  expect(enums['ProblemType']?.enum).toEqual(
    problemKindNames.map((kind) => `urn:event-message-service:problem:${kind}`),
  );
  expect(enums['AttemptOutcome']?.enum).toEqual(
    expect.arrayContaining(['refused', 'notNow', 'ambiguous', 'resolved']),
  );
  expect(Object.keys(enums)).toEqual(expect.arrayContaining(['HealthStatus', 'HealthPartStatus']));
});

test('every answer that has a body has an example of it, which is what the schema says', () => {
  for (const { name, operation } of document.operations) {
    for (const [status, { content = {} }] of Object.entries(operation.responses)) {
      for (const [type, media] of Object.entries(content)) {
        const examples = examplesOf(media);
        expect(examples.length, `${name} ${status} ${type}`).toBeGreaterThan(0);
        for (const one of examples) expect(errorsOf(media.schema, one), `${name} ${status}`).toEqual([]);
      }
    }
  }
});

test('every operation documents what the transport may answer, and the headers that come with it', () => {
  const common = ['403', '405', '408', '417', '431', '500'];
  for (const { name, path, operation } of document.operations) {
    const { responses } = operation;
    const ofResources = path.startsWith('/v1') ? ['401', '429', '503'] : [];
    const ofKeys = /^\/health(\/ready)?$/.test(path) ? ['429'] : [];
    const ofBodies = operation.requestBody ? ['413', '415'] : [];
    expect(Object.keys(responses), name).toEqual(
      expect.arrayContaining([...common, ...ofResources, ...ofKeys, ...ofBodies]),
    );
    for (const [status, { headers = {} }] of Object.entries(responses)) {
      const expected = ['X-Request-Id', ...(path.startsWith('/v1') ? (headersByStatus[status] ?? []) : [])];
      expect(Object.keys(headers), `${name} ${status}`).toEqual(expect.arrayContaining(expected));
    }
  }
});

const headersByStatus: Record<string, string[]> = {
  201: ['Location', 'Idempotency-Replayed'],
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

test('a method that the document does not have at a path is a 405 with those that it has', async () => {
  for (const [path, item] of Object.entries(document.document.paths)) {
    const methods = Object.keys(item).map((method) => method.toUpperCase());
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((one) => !methods.includes(one))) {
      const { status, headers } = await api.call(method, path.replace('{id}', '1'));
      expect(status, `${method} ${path}`).toBe(405);
      const allowed = headers.allow?.split(', ').filter((one) => one !== 'HEAD');
      expect(allowed?.toSorted(), `${method} ${path}`).toEqual(methods.toSorted());
    }
  }
});
