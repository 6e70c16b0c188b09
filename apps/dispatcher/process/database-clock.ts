import { Injectable } from '@nestjs/common';

/** Answers. */
const REMEMBERED = 16;

/**
 * The database's clock, extrapolated by the monotonic one between the answers that carry it. This host's own
 * wall clock decides nothing.
 */
@Injectable()
export class DatabaseClock {
  private offset = Number.NaN;
  private leastOffset = Number.NaN;
  /** The least offsets by the last few answers. */
  private recent: number[] = [];

  /**
   * Takes in an answer that carried the database's time (epoch milliseconds). `sentAt` is the monotonic
   * instant at which it was asked: counting from there, the extrapolation is never behind the database, so an
   * end is never overrun because an answer was slow.
   */
  observe(databaseTime: number, sentAt: number): void {
    this.offset = databaseTime - sentAt;
    const possible = (offset: number) => offset <= this.offset;
    // What is more than this answer allows is true no more: the database's clock was set back, or runs slower than
    // this host's. Of the last answers those that it does allow stay valid, so that a slow one doesn't decide alone.
    this.recent = [...this.recent.filter(possible), databaseTime - performance.now()].slice(-REMEMBERED);
    this.leastOffset = Math.max(...this.recent, ...[this.leastOffset].filter(possible));
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
