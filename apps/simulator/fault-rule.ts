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
  /** When the last requests were let pass, as many as may in a second; `performance.now()`. */
  readonly #passed: number[] = [];
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
    if (this.#isWithinPace()) return false;
    return times === undefined || this.#hits < times;
  }

  /** Whether there is room for one more request in the last second, which it then takes. */
  #isWithinPace(): boolean {
    const { abovePerSecond } = this.fault;
    if (abovePerSecond === undefined) return false;
    const now = performance.now();
    while ((this.#passed[0] ?? now) <= now - 1_000) this.#passed.shift();
    if (this.#passed.length >= abovePerSecond) return false;
    this.#passed.push(now);
    return true;
  }

  /** Counts a request that the fault asked for and got; an earlier fault may have taken it instead. */
  hit(): Reply {
    this.#hits += 1;
    return this.reply;
  }
}
