import type { FaultKind } from './fault-schema.js';
import { IdTallies } from './id-tallies.js';
import type { Int64 } from './int64.js';
import { RecordRows, type NewRow, type Outcome } from './record-rows.js';

/** Counters of a record, kept while it is written. Times are epoch milliseconds, null while it is empty. */
export interface RecordSummary {
  readonly requests: number;
  /** Accepted requests; an id that was accepted twice counts twice. */
  readonly accepted: number;
  readonly distinctAccepted: number;
  /** Accepted requests beyond the first of their id: what a recipient got too often. */
  readonly duplicates: number;
  readonly firstAt: number | null;
  readonly lastAt: number | null;
  readonly byOutcome: Readonly<Record<Outcome, number>>;
  readonly byFault: Readonly<Partial<Record<FaultKind, number>>>;
}

export interface RowsWanted {
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
  readonly id?: bigint | undefined;
}

/** The busiest `windowMs` of a record: `requests` arrived in [startAt, startAt + windowMs). */
export interface PeakRate {
  readonly windowMs: number;
  readonly requests: number;
  readonly startAt: number | null;
}

/** Every request that reached the sending port with an id, in the order in which they were decided. */
export class RequestRecord {
  readonly #rows = new RecordRows();
  readonly #tallies = new IdTallies();
  readonly #byOutcome: Record<Outcome, number> = {
    accepted: 0,
    duplicate: 0,
    rejected: 0,
    malformed: 0,
    unauthorized: 0,
  };
  readonly #byFault: Partial<Record<FaultKind, number>> = {};
  #firstAt: number | null = null;
  #lastAt: number | null = null;

  add(row: NewRow): void {
    this.#rows.push(row);
    this.#tallies.add(row.id, row.outcome === 'accepted');
    this.#byOutcome[row.outcome] += 1;
    if (row.fault !== null) this.#byFault[row.fault] = (this.#byFault[row.fault] ?? 0) + 1;
    if (this.#firstAt === null || row.at < this.#firstAt) this.#firstAt = row.at;
    if (this.#lastAt === null || row.at > this.#lastAt) this.#lastAt = row.at;
  }

  /** A request has gone without the answer that was decided on. */
  withdrawStatus(request: Pick<NewRow, 'id' | 'at' | 'connection'>): void {
    this.#rows.withdrawStatus(request);
  }

  requestsOf(id: Int64): number {
    return this.#tallies.requestsOf(id);
  }

  wasAccepted(id: Int64): boolean {
    return this.#tallies.acceptedOf(id) > 0;
  }

  summary(): RecordSummary {
    const { accepted } = this.#byOutcome;
    const { distinctAccepted } = this.#tallies;
    return {
      requests: this.#rows.length,
      accepted,
      distinctAccepted,
      duplicates: accepted - distinctAccepted,
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
      byOutcome: this.#byOutcome,
      byFault: this.#byFault,
    };
  }

  /**
   * Rows with `seq` > `after`, at most `limit`, as JSON, in order; only those of `id` when it is given. Rows
   * that are added while it is read are left out.
   */
  *rowsAsJson({ after = 0, limit = Infinity, id }: RowsWanted): Generator<string> {
    const end = this.#rows.length;
    let left = limit;
    for (let index = after; index < end && left > 0; index += 1) {
      if (id !== undefined && this.#rows.idAt(index) !== id) continue;
      left -= 1;
      yield this.#rows.json(index);
    }
  }

  /** Counts for each id that was requested, as JSON. */
  *idsAsJson(): Generator<string> {
    for (const { id, requests, accepted } of this.#tallies) {
      yield `{"id":${id},"requests":${requests},"accepted":${accepted}}`;
    }
  }

  /** Looks at each window that starts with a request; one that starts elsewhere can't hold more. */
  peakRate(windowMs: number): PeakRate {
    const arrivals = this.#rows.arrivals();
    let peak: PeakRate = { windowMs, requests: 0, startAt: null };
    let start = 0;
    for (let end = 0; end < arrivals.length; end += 1) {
      while (arrivals[end]! - arrivals[start]! >= windowMs) start += 1;
      const requests = end - start + 1;
      if (requests > peak.requests) peak = { windowMs, requests, startAt: arrivals[start]! };
    }
    return peak;
  }
}
