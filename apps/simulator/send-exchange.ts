import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './reply.js';
import type { Arrival, SimulatedProvider } from './simulated-provider.js';

const largestBody = 1024 * 1024;

/** One request to send a message, from its headers to its reply. */
export class SendExchange {
  #body: Buffer[] = [];
  #size = 0;
  #decided = false;

  constructor(
    private readonly provider: SimulatedProvider,
    private readonly arrival: Arrival,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {}

  run(): void {
    const early = this.provider.onHeaders(this.arrival);
    if (early !== undefined) {
      this.#decided = true;
      early.act(this.response);
      return;
    }
    this.request.on('data', (part: Buffer) => this.#collect(part));
    this.request.on('end', () => this.#decide());
  }

  /** To be called when the exchange is over, whichever side ended it. */
  onClose(): void {
    if (!this.#decided) this.provider.onBrokenOff(this.arrival);
    else if (!this.response.headersSent && this.#isEndedHere()) this.provider.onUnanswered(this.arrival);
    this.#decided = true;
  }

  /** A caller that has gone said goodbye, or was cut off by an error. */
  #isEndedHere(): boolean {
    const { socket } = this.request;
    return !socket.readableEnded && socket.errored === null;
  }

  #collect(part: Buffer): void {
    if (this.#decided) return;
    this.#body.push(part);
    this.#size += part.length;
    if (this.#size > largestBody) this.#reply(this.provider.onBodyTooLarge(this.arrival));
  }

  #decide(): void {
    if (this.#decided) return;
    const body = this.#body.length === 1 ? this.#body[0]! : Buffer.concat(this.#body);
    this.#reply(this.provider.onBody(this.arrival, body.toString()));
  }

  #reply(reply: Reply): void {
    this.#decided = true;
    const delayMs = reply.delayMs + this.provider.behaviour.nextLatency();
    if (delayMs === 0) {
      reply.act(this.response);
      return;
    }
    setTimeout(() => {
      // To a caller that has left, an answer over time would go on for ever.
      if (!this.response.destroyed) reply.act(this.response);
    }, delayMs);
  }
}
