import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { NatsLink } from './nats-link.js';
import { type FetchedTicket, pullTickets } from './ticket-pull.js';
import {
  type BoundStream,
  shortageOf,
  type WorkQueueState,
  WorkStreamBinding,
} from './work-stream-binding.js';
import { workSubject } from './work-stream.js';

/** Says that a batch is due. It is only a hint: whoever takes it still has to win the lease in Postgres. */
export interface Ticket {
  batchId: number;
  fence: number;
  /** Epoch milliseconds. */
  dueAt: number;
}

const PUBLISHED_AT_ONCE = 256;

/**
 * Hands due batches to the dispatchers through JetStream. Every method answers in bounded time and none
 * throws: with NATS away, its store wiped or the consumer deleted there is just no work from here, Postgres
 * is polled as well, and stream and consumer are made anew at the next use.
 */
@Injectable()
export class WorkQueue {
  private readonly binding: WorkStreamBinding;

  constructor(
    link: NatsLink,
    /** Servers that are to keep the stream. */
    private readonly replicas = 1,
  ) {
    this.binding = new WorkStreamBinding(link, replicas);
  }

  /** Whether tickets flow: NATS is there and the last use went well. Asking also sets right what is not. */
  get ready(): boolean {
    if (this.binding.current) return true;
    void this.binding.get();
    return false;
  }

  /** Publishes the tickets and returns how many JetStream has stored (or had already). */
  async publish(tickets: readonly Ticket[]): Promise<number> {
    let stored = 0;
    for (let from = 0; from < tickets.length; from += PUBLISHED_AT_ONCE) {
      const some = tickets.slice(from, from + PUBLISHED_AT_ONCE);
      const accepted = await this.publishSome(some);
      stored += accepted;
      if (accepted < some.length) break;
    }
    return stored;
  }

  /**
   * Takes up to `max` tickets: what is ready at once, else the first that comes within `waitMs`. [] after that
   * time, on any trouble with NATS too, so that a loop around it never spins; see `ready` to skip the wait.
   */
  async fetch(max: number, waitMs: number): Promise<FetchedTicket[]> {
    const until = performance.now() + waitMs;
    const bound = await this.binding.get();
    const tickets = bound ? await this.pull(bound, max, until - performance.now()) : [];
    const left = until - performance.now();
    if (tickets.length === 0 && left > 0) await sleep(left);
    return tickets;
  }

  /** Whether anybody waits for a ticket right now, in whichever process. */
  async isWaitedFor(): Promise<boolean> {
    const bound = await this.binding.get();
    if (!bound) return false;
    try {
      return (await bound.consumer.info()).num_waiting > 0;
    } catch (error) {
      this.binding.failed(bound, error);
      return false;
    }
  }

  /** For health: asks JetStream itself, and makes nothing. Takes at most a few seconds. */
  async state(): Promise<WorkQueueState> {
    return this.binding.state();
  }

  /** One sentence when fewer servers keep the stream than should; '' otherwise. */
  shortage({ copies }: WorkQueueState): string {
    return copies < this.replicas ? shortageOf(copies, this.replicas) : '';
  }

  private async publishSome(tickets: readonly Ticket[]): Promise<number> {
    const bound = await this.binding.get();
    if (!bound) return 0;
    const results = await Promise.allSettled(
      tickets.map(({ batchId, fence, dueAt }) =>
        bound.client.publish(workSubject, JSON.stringify({ batchId, fence }), {
          msgID: `b${batchId}.${fence}.${dueAt}`,
        }),
      ),
    );
    const failed = results.filter((result) => result.status === 'rejected');
    if (failed[0]) this.binding.failed(bound, failed[0].reason);
    return tickets.length - failed.length;
  }

  private async pull(bound: BoundStream, max: number, waitMs: number): Promise<FetchedTicket[]> {
    try {
      const { tickets, heard } = await pullTickets(bound.consumer, max, waitMs);
      if (!heard) this.binding.doubt();
      return tickets;
    } catch (error) {
      this.binding.failed(bound, error);
      return [];
    }
  }
}
