import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Answers every request with 200 from a thread of its own, which stands still while `gate[0]` is 0. */
const THREAD = `
const { createServer } = require('node:net');
const { parentPort, workerData: gate } = require('node:worker_threads');
const answer = 'HTTP/1.1 200 OK\\r\\ncontent-length: 25\\r\\n\\r\\n{"code":0,"message":"OK"}';
const server = createServer((socket) => {
  parentPort.postMessage({ connected: true });
  socket.on('error', () => undefined).on('data', (chunk) => {
    parentPort.postMessage({ request: String(chunk).split('\\r\\n')[0] });
    Atomics.wait(gate, 0, 0);
    socket.write(answer);
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage({ port: server.address().port });
  Atomics.wait(gate, 0, 0);
});
`;

/**
 * A listener whose process does not get to run, as on a host that swaps or is stopped: the kernel holds one
 * connection more than its backlog of 1, and every further SYN stays without an answer.
 */
export class StalledListener {
  /** The request lines that the thread has read. */
  readonly requests: string[] = [];
  /** The connections that it has accepted, those of {@link fill} among them. */
  connections = 0;
  private readonly fillers: Socket[] = [];

  private constructor(
    private readonly worker: Worker,
    private readonly gate: Int32Array,
    readonly port: number,
  ) {
    worker.on('message', ({ request }: { request?: string }) => {
      if (request === undefined) this.connections += 1;
      else this.requests.push(request);
    });
  }

  static async start(): Promise<StalledListener> {
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(THREAD, { eval: true, workerData: gate });
    const [listening] = await once(worker, 'message');
    const { port }: { port: number } = listening;
    return new StalledListener(worker, gate, port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Uses up the places of the backlog. */
  async fill(): Promise<void> {
    for (let place = 0; place < 2; place += 1) {
      const socket = connect(this.port, '127.0.0.1').on('error', () => undefined);
      this.fillers.push(socket);
      await once(socket, 'connect');
    }
  }

  /** Lets the thread run, from now on or until {@link pause}. */
  proceed(): void {
    Atomics.store(this.gate, 0, 1);
    Atomics.notify(this.gate, 0);
  }

  pause(): void {
    Atomics.store(this.gate, 0, 0);
  }

  /** Resolves when the thread has read its `nth` request, which it answers as soon as it may. */
  async request(nth: number): Promise<void> {
    while (this.requests.length < nth) await once(this.worker, 'message');
  }

  async stop(): Promise<void> {
    this.proceed();
    for (const socket of this.fillers) socket.destroy();
    await this.worker.terminate();
  }
}
