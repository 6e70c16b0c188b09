import type { FaultKind } from './fault-schema.js';
import { faultKinds } from './fault-schema.js';
import type { Int64 } from './int64.js';
import { TextStore, type StoredText } from './text-store.js';

const rowsPerChunk = 16_384;
const noPhone = -1n;
const noText = Number.NaN;

/**
 * What became of a request: `accepted` (taken), `duplicate` (not taken again: deduplicated), `rejected` (a
 * fault did not take it), `malformed` (breaks the contract or broke off), `unauthorized` (wrong token).
 */
export const outcomes = ['accepted', 'duplicate', 'rejected', 'malformed', 'unauthorized'] as const;
export type Outcome = (typeof outcomes)[number];

/** One request as it is recorded; phone and text are null when its body was not read or not understood. */
export interface NewRow {
  readonly id: Int64;
  readonly phone: Int64 | null;
  readonly text: string | null;
  /** Arrival of the headers, epoch milliseconds. */
  readonly at: number;
  readonly outcome: Outcome;
  readonly fault: FaultKind | null;
  /** The answer's status code, 0 for none. */
  readonly status: number;
  /** The connection's number, counted from 1. */
  readonly connection: number;
}

interface Chunk {
  readonly ids: BigInt64Array;
  readonly phones: BigInt64Array;
  readonly at: Float64Array;
  readonly texts: Float64Array;
  readonly connections: Uint32Array;
  readonly statuses: Uint16Array;
  readonly outcomes: Uint8Array;
  readonly faults: Uint8Array;
}

/** Rows in columns: 40 bytes each, without an object a row, so that millions of them stay cheap to keep. */
export class RecordRows {
  readonly #chunks: Chunk[] = [];
  readonly #texts = new TextStore();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(row: NewRow): void {
    const index = this.#length % rowsPerChunk;
    if (index === 0) this.#chunks.push(newChunk());
    const chunk = this.#chunks.at(-1)!;
    chunk.ids[index] = BigInt(row.id);
    chunk.phones[index] = row.phone === null ? noPhone : BigInt(row.phone);
    chunk.at[index] = row.at;
    chunk.texts[index] = row.text === null ? noText : this.#texts.put(row.text);
    chunk.connections[index] = row.connection;
    chunk.statuses[index] = row.status;
    chunk.outcomes[index] = outcomes.indexOf(row.outcome);
    chunk.faults[index] = row.fault === null ? 0 : 1 + faultKinds.indexOf(row.fault);
    this.#length += 1;
  }

  /** Takes back the status of a request that was not given its answer; it is among the last ones. */
  withdrawStatus({ id, at, connection }: Pick<NewRow, 'id' | 'at' | 'connection'>): void {
    for (let index = this.#length - 1; index >= 0; index -= 1) {
      const chunk = this.#chunks[Math.floor(index / rowsPerChunk)]!;
      const place = index % rowsPerChunk;
      if (chunk.connections[place] !== connection || chunk.at[place] !== at) continue;
      if (chunk.ids[place] !== BigInt(id)) continue;
      chunk.statuses[place] = 0;
      return;
    }
  }

  /** The row at `index` as JSON. Ids and phones keep all 64 bits, which `JSON.stringify` could not give. */
  json(index: number): string {
    const chunk = this.#chunks[Math.floor(index / rowsPerChunk)];
    const at = index % rowsPerChunk;
    if (chunk === undefined || index >= this.#length) throw new RangeError(`there is no row ${index}`);
    const phone = chunk.phones[at] === noPhone ? 'null' : String(chunk.phones[at]);
    const fault = chunk.faults[at] === 0 ? null : faultKinds[chunk.faults[at]! - 1];
    const status = chunk.statuses[at] === 0 ? null : chunk.statuses[at];
    return (
      `{"seq":${index + 1},"id":${chunk.ids[at]},"phone":${phone},${this.#textJson(chunk.texts[at]!)},` +
      `"at":${chunk.at[at]},"outcome":"${outcomes[chunk.outcomes[at]!]}","fault":${JSON.stringify(fault)},` +
      `"status":${status},"connection":${chunk.connections[at]}}`
    );
  }

  idAt(index: number): bigint | undefined {
    return this.#chunks[Math.floor(index / rowsPerChunk)]?.ids[index % rowsPerChunk];
  }

  /** Arrival of each request, ascending, epoch milliseconds. */
  arrivals(): Float64Array {
    const sorted = new Float64Array(this.#length);
    this.#chunks.forEach((chunk, index) => {
      const start = index * rowsPerChunk;
      sorted.set(chunk.at.subarray(0, Math.min(rowsPerChunk, this.#length - start)), start);
    });
    return sorted.toSorted();
  }

  #textJson(reference: number): string {
    const stored: StoredText | { text: null } = Number.isNaN(reference)
      ? { text: null }
      : this.#texts.get(reference);
    return JSON.stringify(stored).slice(1, -1);
  }
}

function newChunk(): Chunk {
  return {
    ids: new BigInt64Array(rowsPerChunk),
    phones: new BigInt64Array(rowsPerChunk),
    at: new Float64Array(rowsPerChunk),
    texts: new Float64Array(rowsPerChunk),
    connections: new Uint32Array(rowsPerChunk),
    statuses: new Uint16Array(rowsPerChunk),
    outcomes: new Uint8Array(rowsPerChunk),
    faults: new Uint8Array(rowsPerChunk),
  };
}
