import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf, resolved, type Schema } from './document-parts.js';

type Media = { schema?: Schema; example?: unknown; examples?: unknown };

/** Gives every body and every answer an example as a whole, made of the examples of its fields. */
export function addExamples(document: OpenAPIObject): void {
  for (const { operation } of operationsOf(document)) {
    const answers = Object.values(operation.responses).filter((one) => one && !('$ref' in one));
    for (const { content = {} } of [operation.requestBody ?? {}, ...answers] as { content?: object }[]) {
      for (const media of Object.values(content) as Media[]) addExample(document, media);
    }
  }
}

function addExample(document: OpenAPIObject, media: Media): void {
  if (!media.schema || media.example !== undefined || media.examples !== undefined) return;
  media.example = exampleOf(document, media.schema);
}

/** A value that is as the schema says; fields that may be left out are, unless they have an example. */
export function exampleOf(document: OpenAPIObject, given: Schema): unknown {
  if (given.example !== undefined) return given.example;
  const schema = resolved(document, given);
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if ([schema.type].flat().includes('null')) return null;
  const [first] = [schema.allOf ?? [], schema.anyOf ?? [], schema.oneOf ?? []].flat() as Schema[];
  if (first) return exampleOf(document, first);
  if (schema.type === 'array') return schema.items ? [exampleOf(document, schema.items)] : [];
  if (!schema.properties) return {};
  const { properties, required = [] } = schema;
  const shown = Object.entries(properties as Record<string, Schema>).filter(
    ([name, property]) => required.includes(name) || hasExample(document, property),
  );
  return Object.fromEntries(shown.map(([name, property]) => [name, exampleOf(document, property)]));
}

function hasExample(document: OpenAPIObject, property: Schema): boolean {
  if (property.example !== undefined) return true;
  const schema = resolved(document, property);
  const inner = [schema.allOf ?? [], schema.anyOf ?? [], Object.values(schema.properties ?? {})].flat();
  return schema.example !== undefined || (inner as Schema[]).some((one) => hasExample(document, one));
}
