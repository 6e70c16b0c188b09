import { FaultRule } from './fault-rule.js';
import type { Fault } from './fault-schema.js';
import type { Int64 } from './int64.js';
import type { Reply } from './reply.js';
import type { SendMessage } from './send-message.js';

/** The faults of a behaviour in their order. The first that hits a request decides what happens to it. */
export class FaultRules {
  readonly #beforeBody: readonly FaultRule[];
  readonly #afterBody: readonly FaultRule[];

  constructor(faults: readonly Fault[], seed: number) {
    const rules = faults.map((fault, index) => new FaultRule(fault, seed + index + 1));
    this.#beforeBody = rules.filter((rule) => rule.beforeBody);
    this.#afterBody = rules.filter((rule) => !rule.beforeBody);
  }

  /** The fault that hits a request whose headers are in; `earlier` counts former requests of its id. */
  hitBeforeBody(id: Int64, earlier: number): Reply | undefined {
    return firstHit(this.#beforeBody, id, earlier, undefined);
  }

  /** The fault that hits a request whose body is in and keeps the contract. */
  hitAfterBody(message: SendMessage, earlier: number): Reply | undefined {
    return firstHit(this.#afterBody, message.id, earlier, message);
  }
}

/** Each rule counts each request, so that "every third" stays so whatever other rules take. */
function firstHit(
  rules: readonly FaultRule[],
  id: Int64,
  earlier: number,
  message: SendMessage | undefined,
): Reply | undefined {
  let taken: FaultRule | undefined;
  for (const rule of rules) {
    if (rule.asksFor(id, earlier, message)) taken ??= rule;
  }
  return taken?.hit();
}
