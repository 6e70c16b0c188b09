import { parseInstant } from '#libs/payloads';

export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  example?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  unevaluatedProperties?: boolean;
  items?: Schema;
  default?: unknown;
  enum?: unknown[];
  allOf?: Schema[];
  anyOf?: Schema[];
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

export interface Content {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

/** The examples of a body or of an answer, whichever way they are given. */
export function examplesOf({ example, examples = {} }: Content): unknown[] {
  return [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)];
}

export interface Response {
  $ref?: string;
  description?: string;
  headers?: Record<string, { $ref?: string; description?: string; schema?: Schema }>;
  content?: Record<string, Content>;
}

export interface Operation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema: Schema;
    example?: unknown;
    examples?: unknown;
  }[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, Response>;
}

/** An OpenAPI document, as far as this service uses it. */
export class OpenApi {
  constructor(
    readonly document: {
      openapi: string;
      paths: Record<string, Record<string, Operation>>;
      components: { schemas: Record<string, Schema>; responses?: Record<string, Response> };
    },
  ) {}

  /** Each with its answers themselves where the document refers to them. */
  get operations(): { name: string; method: string; path: string; operation: Operation }[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        method,
        path,
        operation: this.withAnswers(operation),
      })),
    );
  }

  get schemas(): [name: string, schema: Schema][] {
    return Object.entries(this.document.components.schemas);
  }

  /** The schema itself when it only refers to one. Throws if there is no such one. */
  resolve(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    const found = this.document.components.schemas[schema.$ref.replace('#/components/schemas/', '')];
    if (!found) throw new Error(`${schema.$ref} leads nowhere`);
    return found;
  }

  /** What a value has that its schema does not allow: [] if it is what the document says. */
  mismatches(given: Schema, value: unknown, at = 'value'): string[] {
    const schema = this.resolve(given);
    if (schema.anyOf) {
      const each = schema.anyOf.map((one) => this.mismatches(one, value, at));
      return each.some((one) => one.length === 0) ? [] : [`${at} is none of ${each.length}`];
    }
    const ofAll = (schema.allOf ?? []).flatMap((one) => this.mismatches(one, value, at));
    if (schema.enum && !schema.enum.includes(value)) return [`${at} is ${String(value)}, not of the list`];
    const types = [schema.type ?? []].flat();
    if (types.length > 0 && !types.includes(typeOf(value, types))) {
      return [`${at} is ${typeOf(value, types)}, not ${types.join(' or ')}`];
    }
    return [...ofAll, ...limits(schema, value, at), ...this.insideMismatches(schema, value, at)];
  }

  /** A value made of the examples of a schema's properties. */
  exampleOf(given: Schema): unknown {
    const schema = this.resolve(given);
    if (schema.example !== undefined) return schema.example;
    const [first] = schema.allOf ?? schema.anyOf ?? [];
    if (first) return this.exampleOf(first);
    const properties = Object.entries(schema.properties ?? {}).filter(
      ([name, { example, type }]) =>
        example !== undefined || type !== 'string' || schema.required?.includes(name),
    );
    return Object.fromEntries(properties.map(([name, property]) => [name, this.exampleOf(property)]));
  }

  private withAnswers(operation: Operation): Operation {
    const { responses = {} } = this.document.components;
    const answers = Object.entries(operation.responses).map(([status, { $ref, ...own }]) => [
      status,
      $ref === undefined ? own : responses[$ref.replace('#/components/responses/', '')],
    ]);
    return { ...operation, responses: Object.fromEntries(answers) as Record<string, Response> };
  }

  private insideMismatches(schema: Schema, value: unknown, at: string): string[] {
    if (Array.isArray(value)) {
      return value.flatMap((item, index) => this.mismatches(schema.items ?? {}, item, `${at}[${index}]`));
    }
    if (typeof value !== 'object' || value === null || !schema.properties) return [];
    const { properties, required = [] } = schema;
    const missing = required.filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`);
    return Object.entries(value).reduce((found, [name, child]) => {
      const property = properties[name];
      return found.concat(
        property ? this.mismatches(property, child, `${at}.${name}`) : `${at}.${name} is not documented`,
      );
    }, missing);
  }
}

function typeOf(value: unknown, expected: string[]): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (Number.isInteger(value) && expected.includes('integer')) return 'integer';
  return typeof value;
}

function limits(schema: Schema, value: unknown, at: string): string[] {
  const { minimum = -Infinity, maximum = Infinity, minLength = 0, maxLength = Infinity } = schema;
  if (typeof value === 'number' && (value < minimum || value > maximum)) return [`${at} is out of range`];
  if (typeof value === 'string') {
    if (value.length < minLength || value.length > maxLength) return [`${at} has a wrong length`];
    if (schema.pattern && !new RegExp(schema.pattern).test(value)) return [`${at} has a wrong form`];
    if (schema.format === 'date-time' && !parseInstant(value)) return [`${at} is no instant`];
  }
  const { minItems = 0, maxItems = Infinity } = schema;
  return Array.isArray(value) && (value.length < minItems || value.length > maxItems)
    ? [`${at} has a wrong number of items`]
    : [];
}
