import { type ArgumentMetadata, Injectable } from '@nestjs/common';
import { PayloadPipe } from './payload-pipe.js';

/** Stands in for a body that is wrong, until the method that takes it has looked. */
class Refusal {
  constructor(readonly reason: unknown) {}
}

const refusedLater = new WeakSet<object>();

/**
 * Hands wrong bodies of this class to the methods that take them over HTTP instead of answering at once; all of
 * them must call {@link throwRefusal}.
 */
export function refuseLater(type: object): void {
  refusedLater.add(type);
}

/** Throws the reason for which a body among a method's arguments was refused. */
export function throwRefusal(given: readonly unknown[]): void {
  for (const argument of given) if (argument instanceof Refusal) throw argument.reason;
}

/** Refuses what is wrong like {@link PayloadPipe}, or leaves it to the method that is called. */
@Injectable()
export class HttpPayloadPipe extends PayloadPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    try {
      return await super.transform(value, metadata);
    } catch (reason) {
      const { type, metatype } = metadata;
      if (type === 'body' && metatype && refusedLater.has(metatype)) return new Refusal(reason);
      throw reason;
    }
  }
}
