import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FrontendMessages } from './world/frontend-messages.js';

interface Pair {
  client: Socket;
  server: Socket;
  /** What was asked for happens to this pair: its answers are dropped until the server is done. */
  swallowing: boolean;
}

/**
 * Stands between a process and a server on loopback, and breaks the connection in whatever way is asked for.
 * It passes on every byte otherwise.
 */
export class TcpProxy {
  private readonly pairs = new Set<Pair>();
  private stalled = false;
  private refusing = false;
  private wanted: { statement: string; done: () => void } | undefined;

  private constructor(
    private readonly listener: Server,
    private readonly target: number,
    private readonly isPostgres: boolean,
  ) {
    listener.on('connection', (client) => this.accept(client));
  }

  /** Opens a proxy to a port of the loopback interface. */
  static async open(target: number, server: 'Postgres' | 'NATS'): Promise<TcpProxy> {
    const listener = createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new TcpProxy(listener, target, server === 'Postgres');
  }

  /** The same address with this proxy's port. */
  inFrontOf(address: string): string {
    const url = new URL(address);
    url.port = String((this.listener.address() as AddressInfo).port);
    return url.href;
  }

  /** Resets every connection that is open. */
  cut(): void {
    for (const pair of this.pairs) this.drop(pair);
  }

  /** Cuts, and refuses further connections until {@link mend}. */
  refuse(): void {
    this.refusing = true;
    this.cut();
  }

  /** Lets nothing through in either direction until {@link mend}; connections stay open. */
  stall(): void {
    this.stalled = true;
    for (const { client, server } of this.pairs) for (const end of [client, server]) end.pause();
  }

  /** Lets everything through again, what had been held back first. */
  mend(): void {
    this.refusing = false;
    this.stalled = false;
    for (const { client, server } of this.pairs) for (const end of [client, server]) end.resume();
  }

  /**
   * For Postgres: lets the next statement of this name (or `COMMIT`) through to the server, swallows its answer,
   * and resets both sides once the server has finished it. Resolves then: what it did is done, and whoever
   * asked does not know.
   */
  swallowAnswerTo(statement: string): Promise<void> {
    return new Promise((resolve) => {
      this.wanted = { statement, done: resolve };
    });
  }

  async close(): Promise<void> {
    this.cut();
    this.listener.close();
    await once(this.listener, 'close');
  }

  private accept(client: Socket): void {
    if (this.refusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ host: '127.0.0.1', port: this.target, noDelay: true });
    client.setNoDelay(true);
    const pair: Pair = { client, server, swallowing: false };
    this.pairs.add(pair);
    for (const end of [client, server]) {
      end.on('error', () => this.drop(pair));
      if (this.stalled) end.pause();
    }
    client.on('close', () => server.end());
    server.on('close', () => {
      this.pairs.delete(pair);
      client.end();
    });
    const spoken = this.isPostgres ? new FrontendMessages() : undefined;
    client.on('data', (chunk) => {
      const asked = spoken?.read(chunk);
      if (this.wanted && asked?.includes(this.wanted.statement)) pair.swallowing = true;
      if (!server.write(chunk)) client.pause();
    });
    server.on('drain', () => this.stalled || client.resume());
    server.on('data', (chunk) => {
      if (pair.swallowing) {
        // Each statement is answered before the next is asked, and the answer ends with ReadyForQuery.
        if (chunk.at(-6) === 0x5a && chunk.readUInt32BE(chunk.length - 5) === 5) this.finish(pair);
        return;
      }
      if (!client.write(chunk)) server.pause();
    });
    client.on('drain', () => this.stalled || server.resume());
  }

  private finish(pair: Pair): void {
    const done = this.wanted?.done;
    this.wanted = undefined;
    this.drop(pair);
    done?.();
  }

  private drop(pair: Pair): void {
    if (!this.pairs.delete(pair)) return;
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  }
}
