import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between the service and Postgres, and loses what Postgres says to one statement. */
export class CuttingProxy {
  private loses: string | undefined;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    private readonly sockets: Set<Socket>,
  ) {
    server.on('connection', (client) => this.join(client));
  }

  /** To the server of a database's address. */
  static async start(databaseUrl: string): Promise<CuttingProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CuttingProxy(server, new URL(databaseUrl), new Set());
  }

  /** The same database by way of this proxy. */
  through(databaseUrl: string): string {
    return Object.assign(new URL(databaseUrl), {
      host: `127.0.0.1:${(this.server.address() as AddressInfo).port}`,
    }).href;
  }

  /**
   * The next statement whose text or name holds these words reaches Postgres; its answer does not come back, and the
   * connection ends instead.
   */
  loseAnswerTo(words: string): void {
    this.loses = words;
  }

  async end(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket): void {
    const postgres = connect(Number(this.target.port), this.target.hostname);
    let isLost = false;
    for (const socket of [client, postgres]) {
      this.sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          this.sockets.delete(socket);
          client.destroy();
          postgres.destroy();
        });
    }
    client.on('data', (bytes) => {
      if (this.loses !== undefined && bytes.includes(this.loses)) {
        isLost = true;
        this.loses = undefined;
      }
      postgres.write(bytes);
    });
    postgres.on('data', (bytes) => {
      if (isLost) client.destroy();
      else client.write(bytes);
    });
  }
}
