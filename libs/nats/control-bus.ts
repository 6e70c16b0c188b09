import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { afterCommit } from '#libs/database';
import { NatsLink } from './nats-link.js';

export interface AskOptions<Reply> {
  timeoutMs: number;
  /** Called after each reply with all so far; true ends the waiting. */
  enough: (replies: readonly Reply[]) => boolean;
}

export interface AnnounceOptions {
  /** Nobody has anything to do at once, so it may go out a moment later, together with others. */
  canWait?: boolean;
}

/** Milliseconds that an announcement waits for others. */
const WAIT = 50;

/** Broadcasts to all dispatchers. Nothing here throws or waits for NATS: whoever misses a hint reads Postgres. */
@Injectable()
export class ControlBus implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ControlBus.name);
  private readonly waiting: { subject: string; payload: object }[] = [];
  private isEnding = false;

  constructor(private readonly link: NatsLink) {}

  /**
   * Publishes `payload` as JSON; dropped silently while NATS is away. Within a joint transaction it waits for
   * the commit: whoever hears of a change must find it. All are published in the order of their announcements.
   */
  announce(subject: string, payload: object, { canWait = false }: AnnounceOptions = {}): void {
    afterCommit(() => {
      if (canWait && !this.isEnding) this.putOff(subject, payload);
      else this.publish(subject, payload);
    });
  }

  /**
   * Asks everyone who listens and collects their replies until there are enough or the time is over. Replies
   * that are errors or not JSON are left out. [] at once when NATS is away or nobody listens.
   */
  async ask<Reply>(subject: string, payload: object, options: AskOptions<Reply>): Promise<Reply[]> {
    const replies: Reply[] = [];
    this.publishWaiting();
    if (!this.link.connection) return replies;
    try {
      const answers = await this.link.connection.requestMany(subject, JSON.stringify(payload), {
        strategy: 'timer',
        maxWait: options.timeoutMs,
      });
      for await (const answer of answers) {
        if (answer.headers?.has('Nats-Service-Error-Code')) continue;
        try {
          replies.push(answer.json<Reply>());
        } catch {
          continue;
        }
        if (options.enough(replies)) break;
      }
    } catch (error) {
      this.logger.debug(`${subject} got no further reply: ${String(error)}`);
    }
    return replies;
  }

  /** The connection is closed later, with what it has to send, and so are those to the last callers. */
  beforeApplicationShutdown(): void {
    this.isEnding = true;
    this.publishWaiting();
  }

  /**
   * One by one they would cost the API, NATS and each dispatcher a system call each, which is more than all else
   * that is done about them.
   */
  private putOff(subject: string, payload: object): void {
    this.waiting.push({ subject, payload });
    if (this.waiting.length === 1) setTimeout(() => this.publishWaiting(), WAIT).unref();
  }

  private publishWaiting(): void {
    for (const { subject, payload } of this.waiting.splice(0)) this.send(subject, payload);
  }

  private publish(subject: string, payload: object): void {
    this.publishWaiting();
    this.send(subject, payload);
  }

  private send(subject: string, payload: object): void {
    try {
      this.link.connection?.publish(subject, JSON.stringify(payload));
    } catch (error) {
      this.logger.warn(`${subject} could not be announced: ${String(error)}`);
    }
  }
}
