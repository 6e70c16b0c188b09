import { Logger } from '@nestjs/common';
import { type MicroserviceOptions, ServerNats } from '@nestjs/microservices';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { lastValueFrom } from 'rxjs';
import { Admission } from '#libs/admission';
import { Problem } from '#libs/problems';
import { requestIdFrom } from '#libs/telemetry';
import type { NatsLink } from './nats-link.js';
import { type EncodedReply, PlainJsonDeserializer, PlainJsonSerializer, type Reply } from './plain-json.js';
import { RequestContext } from './request-context.js';
import { within } from './within.js';

export interface NatsRequest {
  subject: string;
  /** The subject under which a handler listens, undefined if none does. */
  handler: string | undefined;
  /** The header `X-Request-Id` if it is a sane one, else a new one. */
  requestId: string;
}

/** How a request ended: the status that the same call over HTTP would have had. */
export interface NatsAnswer {
  status: number;
}

export interface NatsTransportOptions {
  /** Several processes with one queue name share the requests; without one each of them gets every message. */
  queue?: string;
  /**
   * Subjects such as `ems.clients.>` under which nothing stays without an answer: what no handler listens to
   * is a 404. Handlers under them need no subscription of their own.
   */
  namespaces?: readonly string[];
  /** Runs each request; the place for its log line, its log context and its metrics. */
  around?: (request: NatsRequest, answer: () => Promise<NatsAnswer>) => Promise<NatsAnswer>;
}

/** As over HTTP; each has a payload of 1 MiB at most. */
const REQUESTS = { atOnce: 500, waiting: 1_000, patienceMs: 2_000 };

/** Milliseconds that requests which are being worked on get at a shutdown. */
const FINISH_TIMEOUT = 5_000;

/**
 * The options for `connectMicroservice`: message handlers over the process's own connection, plain JSON in
 * and out. Starting it never waits for NATS; requests are answered whenever it is there.
 */
export function natsMicroservice(link: NatsLink, options: NatsTransportOptions = {}): MicroserviceOptions {
  return { strategy: new NatsTransport(link, options) };
}

/**
 * Nest's NATS transport with what it lacks: it shares a connection instead of failing the start without one,
 * answers requests that carry no envelope, answers broken JSON and unknown subjects, and at a shutdown lets
 * what it has begun finish instead of sleeping for a fixed time.
 */
export class NatsTransport extends ServerNats {
  protected override readonly logger = new Logger(NatsTransport.name);
  private readonly working = new Set<Promise<unknown>>();
  private readonly admission = new Admission(REQUESTS);
  private readonly plainJson: PlainJsonSerializer;
  private open: Subscription[] = [];

  constructor(
    private readonly link: NatsLink,
    private readonly transport: NatsTransportOptions,
  ) {
    const plainJson = new PlainJsonSerializer();
    super({ serializer: plainJson, deserializer: new PlainJsonDeserializer() });
    this.plainJson = plainJson;
  }

  override async listen(callback: (error?: unknown) => void): Promise<void> {
    this.link.onConnection((connection) => this.bindEvents(connection));
    callback();
  }

  override bindEvents(connection: NatsConnection): void {
    const { namespaces = [], queue } = this.transport;
    const alone = [...this.messageHandlers.keys()].filter(
      (subject) => !namespaces.some((namespace) => covers(namespace, subject)),
    );
    this.open = [...namespaces, ...alone].map((subject) =>
      connection.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) => {
          if (error) this.logger.error(`The subscription of ${subject} failed: ${error.message}`);
          else this.track(this.handleMessage(subject, message));
        },
      }),
    );
  }

  override async handleMessage(channel: string, message: Msg): Promise<void> {
    const handler = [message.subject, channel].find((subject) => this.messageHandlers.has(subject));
    const request: NatsRequest = {
      subject: message.subject,
      handler,
      requestId: requestIdFrom(new RequestContext(message).header('X-Request-Id')),
    };
    const answer = async () => this.respond(message, request, await this.replyTo(handler, message));
    try {
      await (this.transport.around ? this.transport.around(request, answer) : answer());
    } catch (error) {
      this.logger.error(`${message.subject} got no reply: ${String(error)}`);
    }
  }

  /** No new requests, then the end of those begun (five seconds at most); the connection itself stays open. */
  override async close(): Promise<void> {
    const subscriptions = this.open;
    this.open = [];
    const drained = subscriptions.filter((one) => !one.isClosed()).map((one) => one.drain());
    await within(FINISH_TIMEOUT, Promise.allSettled(drained));
    await within(FINISH_TIMEOUT, Promise.allSettled(this.working));
  }

  private async replyTo(listener: string | undefined, message: Msg): Promise<Reply> {
    if (!(await this.admission.enter())) {
      return {
        err: Problem.unavailable('The service is overloaded. Nothing was changed: please retry.'),
      };
    }
    try {
      const packet = await this.deserializer.deserialize(message, { channel: listener });
      const handler = this.messageHandlers.get(listener ?? '');
      if (!handler)
        throw new Problem('not-found', `There is no operation with the subject ${message.subject}.`);
      const context = new RequestContext(message);
      const result = await handler(packet.data, context);
      const response = await lastValueFrom(this.transformToObservable(result), { defaultValue: undefined });
      return { response, headers: context.replyHeaders };
    } catch (err) {
      return { err };
    } finally {
      this.admission.leave();
    }
  }

  private async respond(message: Msg, request: NatsRequest, reply: Reply): Promise<NatsAnswer> {
    const limit = this.link.connection?.info?.max_payload ?? Infinity;
    let encoded = await this.encode(reply, request);
    if (Buffer.byteLength(encoded.data) > limit) {
      const detail = `The reply would exceed the ${limit} bytes that NATS allows: ask for fewer items.`;
      encoded = await this.encode({ err: new Problem('payload-too-large', detail) }, request);
    }
    const { status, data, headers } = encoded;
    if (message.reply) message.respond(data, headers ? { headers } : {});
    return { status };
  }

  private async encode(reply: Reply, { subject, requestId }: NatsRequest): Promise<EncodedReply> {
    const encoded = await this.plainJson.serializeInTurns(reply, { instance: subject, requestId });
    // What is ours to mend: the caller is told nothing of it.
    if ('err' in reply && encoded.status === 500) this.logger.error(reply.err);
    else if ('err' in reply && encoded.status > 500) this.logger.warn(String(reply.err));
    return encoded;
  }

  private track(work: Promise<unknown>): void {
    this.working.add(work);
    void work.finally(() => this.working.delete(work));
  }
}

/** Whether a subject lies under a namespace that ends in `>`. */
function covers(namespace: string, subject: string): boolean {
  return namespace.endsWith('>') && subject.startsWith(namespace.slice(0, -1));
}
