import { setTimeout as wait } from 'node:timers/promises';

type Truthy<Value> = Exclude<Value, false | 0 | '' | null | undefined>;

/**
 * Waits until `condition` returns something truthy, and returns that. Throws after `withinMs` with what was
 * waited for and the last value or error, so that a failing test says more than "timeout".
 */
export async function until<Value>(
  what: string,
  condition: () => Promise<Value> | Value,
  withinMs = 60_000,
  everyMs = 50,
): Promise<Truthy<Value>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await condition();
      if (value) return value as Truthy<Value>;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited ${withinMs} ms in vain: ${what}. Last seen: ${String(last)}`);
    }
    await wait(everyMs);
  }
}
