import { ActiveBehaviour } from './active-behaviour.js';
import { parseBehaviour } from './behaviour.js';
import type { Int64 } from './int64.js';
import type { Outcome } from './record-rows.js';
import {
  acceptedReply,
  bodyTooLargeReply,
  duplicateReplies,
  malformedReply,
  unauthorizedReply,
  type Reply,
} from './reply.js';
import { RequestRecord } from './request-record.js';
import { readSendMessage, type SendMessage } from './send-message.js';

/** What is known of a request when its headers are in. */
export interface Arrival {
  readonly id: Int64;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly connection: number;
  readonly authorization: string | undefined;
}

/**
 * Decides about requests and records each decision before it is returned, so that what the record lacks was
 * never answered. Knows nothing of HTTP connections.
 */
export class SimulatedProvider {
  behaviour = new ActiveBehaviour(parseBehaviour({}));
  #record = new RequestRecord();
  readonly #authorization: string;

  constructor(token: string) {
    this.#authorization = `Bearer ${token}`;
  }

  get record(): RequestRecord {
    return this.#record;
  }

  /** Empties the record. Ids that were accepted are forgotten with it, so they are no duplicates any more. */
  forget(): void {
    this.#record = new RequestRecord();
  }

  /** The reply to a request whose body is not waited for; undefined for all others. */
  onHeaders(arrival: Arrival): Reply | undefined {
    if (arrival.authorization !== this.#authorization) return undefined;
    const earlier = this.#record.requestsOf(arrival.id);
    const fault = this.behaviour.faults.hitBeforeBody(arrival.id, earlier);
    return fault && this.#recorded(arrival, null, 'rejected', fault);
  }

  onBody(arrival: Arrival, body: string): Reply {
    const message = readSendMessage(body, arrival.id);
    if (arrival.authorization !== this.#authorization) {
      const readable = typeof message === 'string' ? null : message;
      return this.#recorded(arrival, readable, 'unauthorized', unauthorizedReply);
    }
    if (typeof message === 'string') {
      return this.#recorded(arrival, null, 'malformed', malformedReply(message));
    }
    const { settings, faults } = this.behaviour;
    const fault = faults.hitAfterBody(message, this.#record.requestsOf(arrival.id));
    if (fault !== undefined && !fault.accepts) return this.#recorded(arrival, message, 'rejected', fault);
    if (settings.deduplicate && this.#record.wasAccepted(arrival.id)) {
      const reply = fault ?? duplicateReplies[settings.duplicateAnswer];
      return this.#recorded(arrival, message, 'duplicate', reply);
    }
    return this.#recorded(arrival, message, 'accepted', fault ?? acceptedReply);
  }

  onBodyTooLarge(arrival: Arrival): Reply {
    return this.#recorded(arrival, null, 'malformed', bodyTooLargeReply);
  }

  /** The connection ended inside the body. */
  onBrokenOff({ id, at, connection }: Arrival): void {
    const row = { id, at, connection, phone: null, text: null, fault: null, status: 0 };
    this.#record.add({ ...row, outcome: 'malformed' });
  }

  /** We ended the connection before the answer that was decided on. */
  onUnanswered(arrival: Arrival): void {
    this.#record.withdrawStatus(arrival);
  }

  #recorded(arrival: Arrival, message: SendMessage | null, outcome: Outcome, reply: Reply): Reply {
    this.#record.add({
      id: arrival.id,
      phone: message === null ? null : message.phone,
      text: message === null ? null : message.text,
      at: arrival.at,
      outcome,
      fault: reply.fault,
      status: reply.status,
      connection: arrival.connection,
    });
    return reply;
  }
}
