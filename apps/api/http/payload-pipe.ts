import { type ArgumentMetadata, Injectable, Param, type PipeTransform } from '@nestjs/common';
import { parseId, validatePayload } from '#libs/payloads';

/** Holds each body and each query that has a DTO class against it. */
@Injectable()
export class PayloadPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if ((type !== 'body' && type !== 'query') || metatype === undefined) return value;
    return validatePayload(metatype as new () => object, value);
  }
}

@Injectable()
class IdPipe implements PipeTransform {
  transform(value: unknown): number {
    return parseId(value);
  }
}

/** The `:id` of the path as a number. */
export function Id(): ParameterDecorator {
  return Param('id', IdPipe);
}
