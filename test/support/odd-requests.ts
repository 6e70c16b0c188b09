import { oddBodies } from './odd-bodies.js';
import { oddEncoded, oddHeaderValues } from './odd-values.js';
import type { OpenApi, Operation, Schema } from './openapi.js';
import { someOf } from './seeded-choice.js';

/** A request that is right but for what its name says. */
export interface OddRequest {
  name: string;
  path: string;
  headers: Record<string, string>;
  body: string | Buffer | undefined;
}

type Usual = Omit<OddRequest, 'name'>;

/** How many odd queries go to each operation. */
const QUERIES = 60;
/** How many odd values of headers that every request may have go to each operation. */
const COMMON_HEADERS = 15;

/**
 * Makes odd requests of what the OpenAPI document says of an operation, so that a new operation, field,
 * parameter or header is tried as soon as it is documented. The seed chooses what goes where.
 */
export function oddRequests(
  openApi: OpenApi,
  path: string,
  operation: Operation,
  seed: number,
): OddRequest[] {
  const schema = operation.requestBody?.content['application/json']?.schema;
  const right = schema && JSON.stringify(openApi.exampleOf(schema));
  const usual: Usual = {
    path: path.replaceAll(/\{\w+\}/g, '1'),
    headers: right === undefined ? {} : { 'content-type': 'application/json' },
    body: right,
  };
  return [
    ...inPath(path, usual),
    ...someOf(inQuery(operation, usual), QUERIES, path, seed),
    ...inOwnHeaders(operation, usual),
    ...someOf(inCommonHeaders(usual), COMMON_HEADERS, path, seed),
    ...(schema ? inBody(openApi, schema, usual, seed) : []),
  ];
}

function inBody(openApi: OpenApi, schema: Schema, usual: Usual, seed: number): OddRequest[] {
  return [
    ...oddBodies(openApi, schema, String(usual.body), seed).map((odd) => ({ ...usual, ...odd })),
    ...oddContentTypes.map((type) => ({
      ...usual,
      name: `the content type is ${type ?? 'none'}`,
      headers: type === undefined ? {} : { 'content-type': type },
    })),
  ];
}

const oddContentTypes = [
  undefined,
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/vnd.api+json',
  'application/jsonp',
  'APPLICATION/JSON',
  ';;;',
  '*/*',
  'x'.repeat(4_000),
];

function inPath(path: string, usual: Usual): OddRequest[] {
  if (!path.includes('{')) return [];
  return oddEncoded.map((value) => ({
    ...usual,
    name: `the id is ${value.slice(0, 40)}`,
    path: path.replaceAll(/\{\w+\}/g, () => value),
  }));
}

function inQuery({ parameters = [] }: Operation, usual: Usual): OddRequest[] {
  const names = parameters.filter((one) => one.in === 'query').map((one) => one.name);
  const cursors = ['clients', 'mailings', 'messages', 'statistics'].flatMap((list) =>
    ['-1', '0', 'NaN', '9007199254740991', '9007199254740992', '1e99', ''].map((key) =>
      Buffer.from(`${list}:${key}`).toString('base64url'),
    ),
  );
  const queries = [
    ...names.flatMap((name) => [
      ...oddEncoded.map((value) => `${name}=${value}`),
      `${name}=1&${name}=2`,
      `${name}[]=1`,
      `${name}[a]=1`,
      name,
    ]),
    ...(names.includes('cursor') ? cursors.map((cursor) => `cursor=${cursor}`) : []),
    'unknown=1',
    '__proto__=1',
    'constructor=1',
    '__proto__[polluted]=1',
    '%00=1',
    '&&&',
    '=',
    '%zz',
    Array.from({ length: 1_500 }, (_, n) => `p${n}=1`).join('&'),
  ];
  return queries.map((query) => ({
    ...usual,
    name: `the query is ${query.slice(0, 60)}`,
    path: `${usual.path}?${query}`,
  }));
}

function inOwnHeaders({ parameters = [] }: Operation, usual: Usual): OddRequest[] {
  return parameters.filter((one) => one.in === 'header').flatMap(({ name }) => withHeader(name, usual));
}

function inCommonHeaders(usual: Usual): OddRequest[] {
  return ['x-request-id', 'authorization', 'accept', 'if-match', 'origin', 'sec-fetch-site'].flatMap((name) =>
    withHeader(name, usual),
  );
}

function withHeader(header: string, usual: Usual): OddRequest[] {
  return oddHeaderValues.map((value) => ({
    ...usual,
    name: `the header ${header} is ${JSON.stringify(value.slice(0, 40))}`,
    headers: { ...usual.headers, [header.toLowerCase()]: value },
  }));
}
