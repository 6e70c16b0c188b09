import { Inject, Req, RequestMethod, Res, type Type } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IdempotentCalls, isRepeatable } from '#libs/idempotency';
import { answerOnce, keyOf } from './idempotent-answers.js';
import { refuseLater, throwRefusal } from './refused-bodies.js';

type Post = (this: object, ...args: unknown[]) => Promise<unknown>;

/** Where a controller keeps what carries keyed requests out. */
const CALLS = Symbol('IdempotentCalls');

/**
 * Lets every POST of the controllers honour an `Idempotency-Key`; the other methods can be repeated as they are,
 * so the header means nothing there. A method around the controller's own rather than an interceptor: that turns
 * each answer, with or without a key, into a stream and back, which costs as much as validating a request and
 * writing its line do together.
 */
export function withKeyedPosts(controllers: Type<unknown>[]): Type<unknown>[] {
  for (const { prototype } of controllers) {
    const target = prototype as object;
    const posts = Object.entries(Object.getOwnPropertyDescriptors(target)).filter(([, { value }]) =>
      isPost(value),
    );
    for (const [name, method] of posts) surround(target, name, method);
    if (posts.length > 0) Inject(IdempotentCalls)(target, CALLS);
  }
  return controllers;
}

function isPost(method: unknown): boolean {
  return typeof method === 'function' && Reflect.getMetadata(METHOD_METADATA, method) === RequestMethod.POST;
}

/**
 * The method gets two parameters more; its name, and all that decorators have said of it, it keeps. What is wrong
 * with a body is told after what is wrong with its key, and is kept as little as any other failure.
 */
function surround(controller: object, name: string, method: PropertyDescriptor): void {
  const own = method.value as Post;
  const repeatable = isRepeatable(own);
  const parameters = Reflect.getMetadata('design:paramtypes', controller, name) as object[];
  for (const parameter of parameters) refuseLater(parameter);
  const surrounding = async function (this: { [CALLS]: IdempotentCalls }, ...args: unknown[]) {
    const exchange = args.splice(parameters.length) as [FastifyRequest, FastifyReply];
    const key = keyOf(exchange[0]);
    const carryOut = async () => {
      throwRefusal(args);
      return own.apply(this, args);
    };
    return key === undefined ? carryOut() : answerOnce(this[CALLS], { key, repeatable }, exchange, carryOut);
  };
  for (const about of Reflect.getMetadataKeys(own)) {
    Reflect.defineMetadata(about, Reflect.getMetadata(about, own), surrounding);
  }
  Object.defineProperty(surrounding, 'name', { value: name });
  Object.defineProperty(controller, name, { ...method, value: surrounding });
  Req()(controller, name, parameters.length);
  Res({ passthrough: true })(controller, name, parameters.length + 1);
}
