import type { Int64 } from './int64.js';

const pageSize = 256;
const highestCount = 65_535;

/** How often an id was requested and accepted; each count stops at 65,535. */
export interface IdTally {
  readonly id: Int64;
  readonly requests: number;
  readonly accepted: number;
}

/**
 * Counts requests and acceptances of each id. Ids come from an identity column, so they lie close together:
 * pages of neighbouring ids cost about 5 bytes an id, where a Map of numbers would cost 40 or more.
 */
export class IdTallies {
  /** A page holds its ids' requests, then their acceptances. */
  readonly #pages = new Map<Int64, Uint16Array>();
  #distinctAccepted = 0;

  get distinctAccepted(): number {
    return this.#distinctAccepted;
  }

  requestsOf(id: Int64): number {
    return this.#pages.get(pageOf(id))?.[slotOf(id)] ?? 0;
  }

  acceptedOf(id: Int64): number {
    return this.#pages.get(pageOf(id))?.[pageSize + slotOf(id)] ?? 0;
  }

  /** Counts one request of `id`, and one acceptance when it was accepted. */
  add(id: Int64, accepted: boolean): void {
    const key = pageOf(id);
    let page = this.#pages.get(key);
    if (page === undefined) {
      page = new Uint16Array(2 * pageSize);
      this.#pages.set(key, page);
    }
    const slot = slotOf(id);
    increment(page, slot);
    if (!accepted) return;
    if (page[pageSize + slot] === 0) this.#distinctAccepted += 1;
    increment(page, pageSize + slot);
  }

  /** Every id that was requested, in no promised order. */
  *[Symbol.iterator](): Generator<IdTally> {
    for (const [key, page] of this.#pages) {
      for (let slot = 0; slot < pageSize; slot += 1) {
        const requests = page[slot] ?? 0;
        if (requests === 0) continue;
        const id = typeof key === 'bigint' ? key * BigInt(pageSize) + BigInt(slot) : key * pageSize + slot;
        yield { id, requests, accepted: page[pageSize + slot] ?? 0 };
      }
    }
  }
}

function increment(page: Uint16Array, slot: number): void {
  const count = page[slot] ?? 0;
  if (count < highestCount) page[slot] = count + 1;
}

function pageOf(id: Int64): Int64 {
  return typeof id === 'number' ? Math.floor(id / pageSize) : id / BigInt(pageSize);
}

function slotOf(id: Int64): number {
  return typeof id === 'number' ? id % pageSize : Number(id % BigInt(pageSize));
}
