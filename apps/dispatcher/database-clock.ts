import { Injectable } from '@nestjs/common';

/**
 * The database's clock, extrapolated by the monotonic one between the answers that carry it. This host's own
 * wall clock decides nothing.
 */
@Injectable()
export class DatabaseClock {
  private offset = Number.NaN;
  private leastOffset = Number.NaN;

  /**
   * Takes in an answer that carried the database's time (epoch milliseconds). `sentAt` is the monotonic
   * instant at which it was asked: counting from there, the extrapolation is never behind the database, so an
   * end is never overrun because an answer was slow.
   */
  observe(databaseTime: number, sentAt: number): void {
    this.offset = databaseTime - sentAt;
    const least = databaseTime - performance.now();
    // More than this answer allows: the database's clock was set back, or runs slower than this host's.
    this.leastOffset = this.leastOffset <= this.offset ? Math.max(this.leastOffset, least) : least;
  }

  /** Epoch milliseconds; NaN until the first answer. */
  now(): number {
    return this.offset + performance.now();
  }

  /** The monotonic instant (`performance.now()`) of a time of the database. */
  toMonotonic(databaseTime: number): number {
    return databaseTime - this.offset;
  }

  /**
   * The monotonic instant by which a time of the database has come for sure, late by the delay of the fastest
   * answer so far. It does not jump with each answer's delay, as {@link toMonotonic} does, so what is spread
   * evenly stays so.
   */
  toMonotonicAtLeast(databaseTime: number): number {
    return databaseTime - this.leastOffset;
  }
}
