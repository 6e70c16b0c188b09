import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** A request as it came over the wire. */
export interface ReceivedRequest {
  readonly requestLine: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Does as it likes with the socket once a whole request has arrived; `nth` counts from 1 over all sockets. */
export type Script = (socket: Socket, nth: number) => void;

/**
 * A provider on a raw socket, so that it can do what no HTTP server would: answer by halves, drip, reset. It
 * records each complete request before its script runs.
 */
export class ScriptedProvider {
  readonly received: ReceivedRequest[] = [];
  connections = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private script: Script,
  ) {
    server.on('connection', (socket) => this.serve(socket));
  }

  static async start(script: Script): Promise<ScriptedProvider> {
    const server = createServer();
    const provider = new ScriptedProvider(server, script);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return provider;
  }

  get port(): number {
    return portOf(this.server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What it does from now on. */
  follow(script: Script): void {
    this.script = script;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined); // Resets are part of the game; 'close' follows.
    let buffered = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      buffered += chunk;
      const request = parse(buffered);
      if (request === undefined) return;
      buffered = '';
      this.received.push(request);
      this.script(socket, this.received.length);
    });
  }
}

/** The TCP port that a listening server was given. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on TCP.');
  return address.port;
}

/** A complete answer with its length, as a well-behaved server writes it. */
export function httpAnswer(status: number, body: string, headers: Record<string, string> = {}): string {
  return headOf(status, Buffer.byteLength(body), headers) + body;
}

/** The same with a body that is no text. */
export function httpBytes(status: number, body: Buffer, headers: Record<string, string> = {}): Buffer {
  return Buffer.concat([Buffer.from(headOf(status, body.length, headers)), body]);
}

function headOf(status: number, length: number, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}content-length: ${length}\r\n\r\n`;
}

/** The id in a request's path. */
export function idOf(request: ReceivedRequest): number {
  return Number(/\/v1\/send\/(\d+) /.exec(request.requestLine)?.[1]);
}

function parse(text: string): ReceivedRequest | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [requestLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = text.slice(end + 4);
  if (Buffer.byteLength(body) < Number(headers.get('content-length'))) return undefined;
  return { requestLine, headers, body };
}
