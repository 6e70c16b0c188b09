import { SetMetadata } from '@nestjs/common';

const REPEATABLE = 'idempotency:repeatable';

/**
 * Marks a call of a controller that may be carried out again without harm, and that can't be one transaction
 * as it waits for dispatchers or works in pages. Its answer is kept after it, not together with its change.
 */
export function Repeatable(): MethodDecorator {
  return SetMetadata(REPEATABLE, true);
}

/** Whether the method of a controller is so marked. */
export function isRepeatable(handler: object): boolean {
  return Reflect.getMetadata(REPEATABLE, handler) === true;
}
