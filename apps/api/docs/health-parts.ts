import type { OpenAPIObject } from '@nestjs/swagger';
import { schemaNamed } from './document-parts.js';

/** Lets generated clients keep what a part of health tells beside its status: each tells something else. */
export function openHealthParts(document: OpenAPIObject): void {
  schemaNamed(document, 'HealthPart').additionalProperties = true;
}
