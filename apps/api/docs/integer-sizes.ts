import type { OpenAPIObject } from '@nestjs/swagger';

const INT32_MAX = 2 ** 31 - 1;

/**
 * Says of every integer whether 32 bits hold all its values: without a format, generators in Go and Java take 32
 * bits or a float for an id.
 */
export function sizeIntegers(document: OpenAPIObject): void {
  sizeInside(document);
}

function sizeInside(part: unknown): void {
  if (typeof part !== 'object' || part === null) return;
  const { type, format, maximum } = part as { type?: unknown; format?: string; maximum?: number };
  if ([type].flat().includes('integer') && format === undefined) {
    const fits = maximum !== undefined && maximum <= INT32_MAX;
    Object.assign(part, { format: fits ? 'int32' : 'int64' });
  }
  for (const [name, inner] of Object.entries(part)) {
    if (!/^(examples?|default|enum)$/.test(name)) sizeInside(inner);
  }
}
