import type { PipeTransform } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { IdField, validatePayload } from '#libs/payloads';
import { PayloadPipe } from '../http/payload-pipe.js';

/** The whole payload, held against the parameter's DTO class like a body or a query over HTTP. */
export const Fields = (): ParameterDecorator => Payload(new PayloadPipe());

/** The `id` of a payload that holds nothing else. */
export const Id = (): ParameterDecorator => Payload(new OnlyId());

/** The `id` of a payload, whatever else is in it. */
export const IdAmongFields = (): ParameterDecorator => Payload(new IdOf());

/** All but the `id`, held against the parameter's DTO class. */
export const FieldsBesideId = (): ParameterDecorator => Payload(new WithoutId(), new PayloadPipe());

class IdPayload {
  @IdField({ description: 'The id.' })
  id!: number;
}

class OnlyId implements PipeTransform<object, Promise<number>> {
  async transform(payload: object): Promise<number> {
    return (await validatePayload(IdPayload, payload)).id;
  }
}

class IdOf implements PipeTransform<{ id?: unknown }, Promise<number>> {
  async transform({ id }: { id?: unknown }): Promise<number> {
    return (await validatePayload(IdPayload, { id })).id;
  }
}

class WithoutId implements PipeTransform<{ id?: unknown }, object> {
  transform({ id: _id, ...fields }: { id?: unknown }): object {
    return fields;
  }
}
