import type { OpenAPIObject } from '@nestjs/swagger';
import { schemasReached } from './document-parts.js';

/** Drops the schemas that nothing refers to, such as those of whole queries, whose fields are parameters. */
export function dropUnusedSchemas(document: OpenAPIObject): void {
  const { schemas, ...components } = document.components ?? {};
  const used = schemasReached(document, [document.paths, components]);
  for (const name of Object.keys(schemas ?? {})) {
    if (!used.has(name)) delete schemas?.[name];
  }
}
