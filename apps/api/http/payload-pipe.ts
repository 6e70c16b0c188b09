import { type ArgumentMetadata, Injectable, Param, type PipeTransform } from '@nestjs/common';
import { parseId, validatePayload, validateQuery } from '#libs/payloads';

/** Holds each body and each query that has a DTO class against it. */
@Injectable()
export class PayloadPipe implements PipeTransform {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (metatype === undefined) return value;
    if (type === 'query')
      return validateQuery(metatype as new () => object, value as Record<string, unknown>);
    return type === 'body' ? validatePayload(metatype as new () => object, value) : value;
  }
}

@Injectable()
class IdPipe implements PipeTransform<string, number> {
  transform(value: string): number {
    return parseId(value);
  }
}

/** The `:id` of the path as a number. */
export function Id(): ParameterDecorator {
  return Param('id', IdPipe);
}
