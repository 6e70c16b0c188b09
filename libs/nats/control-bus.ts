import { Injectable, Logger } from '@nestjs/common';
import { afterCommit } from '#libs/database';
import { NatsLink } from './nats-link.js';

export interface AskOptions<Reply> {
  timeoutMs: number;
  /** Called after each reply with all so far; true ends the waiting. */
  enough: (replies: readonly Reply[]) => boolean;
}

/** Broadcasts to all dispatchers. Nothing here throws or waits for NATS: whoever misses a hint reads Postgres. */
@Injectable()
export class ControlBus {
  private readonly logger = new Logger(ControlBus.name);

  constructor(private readonly link: NatsLink) {}

  /**
   * Publishes `payload` as JSON; dropped silently while NATS is away. Within a joint transaction it waits for
   * the commit: whoever hears of a change must find it.
   */
  announce(subject: string, payload: object): void {
    afterCommit(() => this.publish(subject, payload));
  }

  /**
   * Asks everyone who listens and collects their replies until there are enough or the time is over. Replies
   * that are errors or not JSON are left out. [] at once when NATS is away or nobody listens.
   */
  async ask<Reply>(subject: string, payload: object, options: AskOptions<Reply>): Promise<Reply[]> {
    const replies: Reply[] = [];
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

  private publish(subject: string, payload: object): void {
    try {
      this.link.connection?.publish(subject, JSON.stringify(payload));
    } catch (error) {
      this.logger.warn(`${subject} could not be announced: ${String(error)}`);
    }
  }
}
