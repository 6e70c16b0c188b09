import type { OpenAPIObject } from '@nestjs/swagger';

export type Operation = NonNullable<OpenAPIObject['paths'][string]['post']>;
type Found<T> = Exclude<NonNullable<T>, { $ref: string }>;
export type Response = Found<Operation['responses'][string]>;
export type Schema = Found<NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string]> & {
  /** What OpenAPI 3.1 has beside what Nest knows of. */
  unevaluatedProperties?: boolean;
  $ref?: string;
};

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Every operation of a document, with its path and method. */
export function operationsOf(
  document: OpenAPIObject,
): { path: string; method: (typeof methods)[number]; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ path, method, operation }] : [];
    }),
  );
}

/** The schema with that name; throws without one. */
export function schemaNamed(document: OpenAPIObject, name: string): Schema {
  const schema = document.components?.schemas?.[name];
  if (!schema) throw new Error(`The document has no schema ${name}.`);
  return schema;
}

/** The schema that a schema stands for: itself, or the one that it refers to. */
export function resolved(document: OpenAPIObject, schema: Schema): Schema {
  return schema.$ref === undefined ? schema : schemaNamed(document, nameIn(schema.$ref));
}

/** The names of the schemas that something refers to, however deep. */
export function schemasReached(document: OpenAPIObject, from: unknown): Set<string> {
  const reached = new Set<string>();
  const waiting = namesIn(from);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    waiting.push(...namesIn(schemaNamed(document, name)));
  }
  return reached;
}

/** The schemas directly inside a schema. */
export function innerSchemas(schema: Schema): Schema[] {
  const { properties, items, allOf = [], anyOf = [], oneOf = [], additionalProperties } = schema;
  const lists = [Object.values(properties ?? {}), allOf, anyOf, oneOf, [items, additionalProperties]];
  return lists.flat().filter((one) => typeof one === 'object');
}

function namesIn(part: unknown): string[] {
  return [...JSON.stringify(part ?? null).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name = '']) => name,
  );
}

function nameIn($ref: string): string {
  return $ref.replace('#/components/schemas/', '');
}
