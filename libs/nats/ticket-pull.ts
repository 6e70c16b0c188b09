import type { Consumer, JsMsg } from '@nats-io/jetstream';

export interface FetchedTicket {
  batchId: number;
  fence: number;
  /** Takes the ticket off the queue; without it NATS hands it out again after ten seconds. Never throws. */
  ack(): void;
}

export interface PulledTickets {
  tickets: FetchedTicket[];
  /** Whether the server said anything; a pull from a deleted consumer meets silence, and so does a short one. */
  heard: boolean;
}

/** Milliseconds; JetStream takes no shorter one; a shorter wait is cut off on our side. */
const SHORTEST_EXPIRY = 1_000;
const HEARTBEAT = 500;
/** How long after the expiry the server's own word on it may take. */
const SLACK = 250;
/** After the first ticket, how long the rest of what is ready may take to arrive. */
const LINGER = 5;

/**
 * One pull: what is ready at once, else the first ticket that comes within `waitMs`. Throws what the client does
 * when stream, consumer or heartbeats are gone.
 */
export async function pullTickets(consumer: Consumer, max: number, waitMs: number): Promise<PulledTickets> {
  const tickets: FetchedTicket[] = [];
  const wait = Math.ceil(waitMs);
  const expires = Math.max(wait, SHORTEST_EXPIRY);
  const messages = await consumer.fetch({
    max_messages: max,
    expires,
    idle_heartbeat: HEARTBEAT,
    bind: true,
  });
  let heard = true;
  // Without a limit of ours the client would wait for NATS to come back for as long as that takes.
  const patience = wait < expires ? wait : expires + SLACK;
  let timer = setTimeout(() => {
    heard = false;
    messages.stop();
  }, patience);
  try {
    for await (const message of messages) {
      if (tickets.length === 0) {
        clearTimeout(timer);
        timer = setTimeout(() => messages.stop(), LINGER);
      }
      const ticket = ticketOf(message);
      if (ticket) tickets.push(ticket);
    }
  } catch (error) {
    // Tickets that have come are work all the same; what is wrong shows again at the next pull.
    if (tickets.length === 0) throw error;
  } finally {
    clearTimeout(timer);
  }
  return { tickets, heard };
}

function ticketOf(message: JsMsg): FetchedTicket | undefined {
  const ack = () => {
    try {
      message.ack();
    } catch {
      // The connection is closed; NATS hands the ticket out again, and its lease is found taken.
    }
  };
  try {
    const { batchId, fence } = message.json<{ batchId: number; fence: number }>();
    if (Number.isSafeInteger(batchId) && Number.isSafeInteger(fence)) return { batchId, fence, ack };
  } catch {
    // Not a ticket: somebody else wrote to the subject.
  }
  ack();
  return undefined;
}
