import { NatsContext } from '@nestjs/microservices';
import { headers, Match, type Msg, type MsgHdrs } from '@nats-io/transport-node';

/** What a handler can find out of its request beside the payload, and what it can add to the reply. */
export class RequestContext extends NatsContext {
  private added: MsgHdrs | undefined;

  constructor(private readonly message: Msg) {
    super([message.subject, message.headers]);
  }

  /** Undefined when none was added. */
  get replyHeaders(): MsgHdrs | undefined {
    return this.added;
  }

  /** The header's value whatever the case of its name; one that is there more than once is joined by `, `. */
  header(name: string): string | undefined {
    const values = this.message.headers?.values(name, Match.IgnoreCase) ?? [];
    return values.length > 0 ? values.join(', ') : undefined;
  }

  /** Sent with the reply unless that is an error. */
  addReplyHeader(name: string, value: string): void {
    this.added ??= headers();
    this.added.set(name, value);
  }
}
