import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf, type Schema } from './document-parts.js';

type Parameter = {
  description?: string;
  example?: unknown;
  examples?: unknown;
  schema?: Schema;
};

/**
 * Leaves the parameters of Swagger UI empty. It fills in a parameter's `example` and `examples`, its schema's
 * `example` and `default`, and sends them unasked: every list would be filtered, every POST have the same key.
 * Examples stand in the description, for people, and in the schema's `examples`, for programs.
 */
export function leaveParametersEmpty(document: OpenAPIObject): void {
  for (const { operation } of operationsOf(document)) {
    for (const parameter of (operation.parameters ?? []) as Parameter[]) empty(parameter);
  }
}

function empty(parameter: Parameter): void {
  const { example: ofAll, description = '' } = parameter;
  const { example = ofAll, default: _, ...schema } = parameter.schema ?? {};
  delete parameter.example;
  delete parameter.examples;
  parameter.schema = schema;
  if (example === undefined) return;
  Object.assign(schema, { examples: [example] });
  parameter.description = `${description} Example: \`${String(example)}\`.`;
}
