import { AsyncLocalStorage } from 'node:async_hooks';

const context = new AsyncLocalStorage<object>();

/** Contexts that were entered and not left. */
let entered = 0;

/**
 * Runs `work` so that every line that is logged from then on, by it and by what it begins, carries `fields`. They are
 * put together only when there is a line: a child logger for each request costs as much as the line itself.
 * {@link leaveLogContext} has to be called once when that is over.
 */
export function enterLogContext<Result>(fields: object, work: () => Result): Result {
  entered += 1;
  return context.run({ ...fields }, work);
}

/**
 * When no context is left, Node is told so: before version 24 each promise, timer and write of a process pays for a
 * context from the first one on, which is a twelfth of what a dispatcher does for a message
 * (https://nodejs.org/docs/latest-v20.x/api/async_context.html#asynclocalstoragedisable).
 */
export function leaveLogContext(): void {
  entered -= 1;
  if (entered === 0) context.disable();
}

/** Enters a context and leaves it when the promise of `work` is settled. */
export async function whileInLogContext<Result>(
  fields: object,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await enterLogContext(fields, work);
  } finally {
    leaveLogContext();
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
