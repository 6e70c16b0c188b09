import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { parseInt64 } from './int64.js';
import { ListeningPort } from './listening-port.js';
import { malformedReply, notFoundReply } from './reply.js';
import { SendExchange } from './send-exchange.js';
import type { SimulatedProvider } from './simulated-provider.js';

const prefix = '/v1/send/';

/** Milliseconds that requests which are being answered get when the port ends. */
const PATIENCE = 5_000;

/** What the sending port is doing at this moment. */
export interface PortState {
  readonly listening: boolean;
  readonly port: number;
  readonly connections: number;
  /** Requests whose headers are in and that are neither answered nor broken off. */
  readonly inFlight: number;
  /** The highest `inFlight` since the last `resetPeak`. */
  readonly peakInFlight: number;
}

/** The provider's HTTP side. Bare `node:http`, since it stands on the other side of throughput measurements. */
export class SendingPort {
  readonly #server = createServer((request, response) => this.#route(request, response));
  readonly #listening: ListeningPort;
  readonly #connections = new Map<Socket, number>();
  #connectionsEver = 0;
  readonly #inFlight = new Set<ServerResponse>();
  #peakInFlight = 0;

  constructor(
    private readonly provider: SimulatedProvider,
    host: string,
    port: number,
  ) {
    this.#listening = new ListeningPort(this.#server, host, port);
    this.#server.on('connection', (socket) => this.#count(socket));
  }

  /** Accepts connections. Throws {@link PortTakenError} when another process has the port. */
  open(): Promise<void> {
    return this.#listening.open();
  }

  /** Refuses connections from now on and ends those that are open; the port number is kept for `open`. */
  async close(): Promise<void> {
    const closed = this.#listening.close();
    for (const socket of this.#connections.keys()) socket.destroy();
    await closed;
  }

  /**
   * Refuses connections, answers what it has begun to receive and ends with the last answer, or after five
   * seconds with whatever hangs.
   */
  async end(): Promise<void> {
    const closed = this.#listening.close();
    // Each answer says that it is its connection's last.
    for (const response of this.#inFlight) response.shouldKeepAlive = false;
    this.#server.closeIdleConnections();
    const impatience = setTimeout(() => this.#server.closeAllConnections(), PATIENCE);
    await closed;
    clearTimeout(impatience);
  }

  /** Milliseconds after which an idle connection is closed, 0 for never; from each one's next answer on. */
  set keepAliveMs(milliseconds: number) {
    this.#server.keepAliveTimeout = milliseconds;
  }

  get state(): PortState {
    return {
      listening: this.#listening.isOpen,
      port: this.#listening.port,
      connections: this.#connections.size,
      inFlight: this.#inFlight.size,
      peakInFlight: this.#peakInFlight,
    };
  }

  resetPeak(): void {
    this.#peakInFlight = this.#inFlight.size;
  }

  #count(socket: Socket): void {
    this.#connectionsEver += 1;
    this.#connections.set(socket, this.#connectionsEver);
    socket.once('close', () => this.#connections.delete(socket));
  }

  #route(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '';
    if (request.method !== 'POST' || !url.startsWith(prefix)) {
      notFoundReply.act(response);
      return;
    }
    const id = parseInt64(url.slice(prefix.length));
    if (id === undefined) {
      malformedReply('the message id of the path must be an int64').act(response);
      return;
    }
    const arrival = {
      id,
      at: Date.now(),
      connection: this.#connections.get(request.socket) ?? 0,
      authorization: request.headers.authorization,
    };
    const exchange = new SendExchange(this.provider, arrival, request, response);
    this.#inFlight.add(response);
    if (this.#inFlight.size > this.#peakInFlight) this.#peakInFlight = this.#inFlight.size;
    if (!this.#listening.isOpen) response.shouldKeepAlive = false;
    response.once('close', () => {
      this.#inFlight.delete(response);
      exchange.onClose();
    });
    exchange.run();
  }
}
