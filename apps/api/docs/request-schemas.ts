import type { OpenAPIObject } from '@nestjs/swagger';
import { LEFT_OUT } from '#libs/payloads';
import {
  innerSchemas,
  operationsOf,
  resolved,
  schemaNamed,
  schemasReached,
  type Schema,
} from './document-parts.js';

/**
 * Closes the schemas of bodies: an unknown field is refused. Those of answers stay open, since answers gain
 * fields; so a schema of both is closed where a body has it. See `docs/decisions/open-answers.md`.
 */
export function closeRequests(document: OpenAPIObject): void {
  const operations = operationsOf(document).map(({ operation }) => operation);
  const asked = schemasReached(
    document,
    operations.map(({ requestBody }) => requestBody),
  );
  const answered = schemasReached(
    document,
    operations.map(({ responses }) => responses),
  );
  const isShared = ({ $ref = '' }: Schema) => answered.has($ref.replace('#/components/schemas/', ''));
  for (const name of asked) {
    if (!answered.has(name)) close(document, schemaNamed(document, name), isShared);
  }
}

function close(document: OpenAPIObject, schema: Schema, isShared: (schema: Schema) => boolean): void {
  if (schema.properties) schema.additionalProperties ??= false;
  for (const inner of innerSchemas(schema)) {
    const objects = [inner, ...innerSchemas(inner)].filter(
      (one) => isShared(one) && resolved(document, one).properties,
    );
    if (objects.length > 0) inner.unevaluatedProperties = false;
  }
}

/**
 * Says in a body that makes something what leaving a field out means. A body that changes something says nothing
 * of the kind, and has no defaults: what is left out stays, and a client that filled it in would undo it.
 */
export function sayWhatLeavingOutMeans(document: OpenAPIObject): void {
  const changes = operationsOf(document).filter(({ method }) => method === 'patch');
  const changed = schemasReached(
    document,
    changes.map(({ operation }) => operation.requestBody),
  );
  for (const name of Object.keys(document.components?.schemas ?? {})) {
    for (const property of Object.values(schemaNamed(document, name).properties ?? {})) {
      sayOf(property, changed.has(name));
    }
  }
}

function sayOf(property: Schema & { [LEFT_OUT]?: string }, isChange: boolean): void {
  const { [LEFT_OUT]: meaning, description = '' } = property;
  delete property[LEFT_OUT];
  if (isChange) delete property.default;
  else if (meaning !== undefined) property.description = `${description} Default: ${meaning}.`;
}
