import { RequestMethod, type Type, UseInterceptors } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { IdempotentAnswers } from './idempotent-answers.js';

/**
 * Lets every POST of the controllers honour an `Idempotency-Key`. Not a global interceptor: one that has nothing
 * to do costs each GET about a tenth of what it takes in all.
 */
export function withKeyedPosts(controllers: Type<unknown>[]): Type<unknown>[] {
  for (const { prototype } of controllers) {
    for (const [name, method] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof method.value !== 'function') continue;
      if (Reflect.getMetadata(METHOD_METADATA, method.value) !== RequestMethod.POST) continue;
      UseInterceptors(IdempotentAnswers)(prototype as object, name, method);
    }
  }
  return controllers;
}
