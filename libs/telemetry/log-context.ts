import { AsyncLocalStorage } from 'node:async_hooks';

const context = new AsyncLocalStorage<object>();

/**
 * Runs `work` so that every line that is logged meanwhile carries `fields`. They are put together only when there
 * is a line: a child logger for each request costs as much as the line itself.
 */
export function inLogContext<Result>(fields: object, work: () => Result): Result {
  return context.run({ ...fields }, work);
}

/** Adds fields to the lines that follow in this context; nothing outside of one. */
export function addToLogContext(fields: object): void {
  const known = context.getStore();
  if (known) Object.assign(known, fields);
}

/** The fields of the context, undefined outside of one. Nobody else may change them. */
export function logContextFields(): object | undefined {
  return context.getStore();
}
