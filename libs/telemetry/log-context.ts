import { AsyncLocalStorage } from 'node:async_hooks';

const context = new AsyncLocalStorage<object>();

/** Contexts whose end is waited for, and whether there was one whose end is not. */
let underWay = 0;
let endless = false;

/**
 * Runs `work` so that every line that is logged from then on, by it and by what it begins, carries `fields`. They are
 * put together only when there is a line: a child logger for each request costs as much as the line itself.
 */
export function inLogContext(fields: object, work: () => void): void {
  endless = true;
  context.run({ ...fields }, work);
}

/**
 * The same until the promise of `work` is settled. When no context is left, Node is told so: before version 24 each
 * promise, timer and write of a process pays for a context from the first one on, which is a twelfth of what a
 * dispatcher does for a message (https://nodejs.org/docs/latest-v20.x/api/async_context.html#asynclocalstoragedisable).
 */
export async function whileInLogContext<Result>(
  fields: object,
  work: () => Promise<Result>,
): Promise<Result> {
  underWay += 1;
  try {
    return await context.run({ ...fields }, work);
  } finally {
    underWay -= 1;
    if (underWay === 0 && !endless) context.disable();
  }
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
