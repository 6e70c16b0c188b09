import type { Fault } from './fault-schema.js';
import { replyOf } from './fault-reply.js';
import type { Int64 } from './int64.js';
import type { Reply } from './reply.js';
import { seededRandom } from './seeded-random.js';
import type { SendMessage } from './send-message.js';

/** A fault with the counters of its selection. It counts the requests that match its filters, on its own. */
export class FaultRule {
  readonly reply: Reply;
  readonly beforeBody: boolean;
  readonly #random: () => number;
  readonly #ids: ReadonlySet<Int64> | undefined;
  readonly #phones: ReadonlySet<Int64> | undefined;
  readonly #textIncludes: string | undefined;
  #matching = 0;
  #hits = 0;

  constructor(
    private readonly fault: Fault,
    seed: number,
  ) {
    this.reply = replyOf(fault);
    this.beforeBody = fault.kind === 'resetBeforeBody';
    this.#random = seededRandom(seed);
    this.#ids = fault.ids && new Set(fault.ids);
    if (fault.kind === 'resetBeforeBody') return;
    this.#phones = fault.phones && new Set(fault.phones);
    this.#textIncludes = fault.textIncludes;
  }

  /**
   * Says whether the fault asks for this request, and counts it. `message` is undefined before the body is
   * read; `earlier` is how many requests of the same id came before.
   */
  asksFor(id: Int64, earlier: number, message: SendMessage | undefined): boolean {
    const { every, rate, skip, perId, times } = this.fault;
    if (this.#ids !== undefined && !this.#ids.has(id)) return false;
    if (this.#phones !== undefined && !(message && this.#phones.has(message.phone))) return false;
    if (this.#textIncludes !== undefined && !message?.text.includes(this.#textIncludes)) return false;
    if (perId !== undefined && earlier >= perId) return false;
    this.#matching += 1;
    const counted = this.#matching - (skip ?? 0);
    if (counted <= 0) return false;
    if (every !== undefined && counted % every !== 0) return false;
    if (rate !== undefined && this.#random() >= rate) return false;
    return times === undefined || this.#hits < times;
  }

  /** Counts a request that the fault asked for and got; an earlier fault may have taken it instead. */
  hit(): Reply {
    this.#hits += 1;
    return this.reply;
  }
}
