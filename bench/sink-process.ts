import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../test/support/until.js';

/** What the sink has received since its last reset. */
export interface SinkReport {
  requests: number;
  /** Requests with an id that had come before. */
  duplicates: number;
  /** Epoch milliseconds; 0 before the first. */
  firstAt: number;
  lastAt: number;
  /** When each thousandth request came. */
  thousandthsAt: number[];
}

export type SinkOrder = { type: 'report' } | { type: 'reset'; latencyMs: number };

/** The sink, from where it is used. One question at a time. */
export class SinkProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(): Promise<SinkProcess> {
    const child = fork(fileURLToPath(new URL('sink.js', import.meta.url)));
    const [port]: unknown[] = await once(child, 'message');
    return new SinkProcess(child, `http://127.0.0.1:${String(port)}`);
  }

  report(): Promise<SinkReport> {
    return this.ask({ type: 'report' });
  }

  /** Forgets what came, and from now on answers after `latencyMs`. */
  async reset(latencyMs = 0): Promise<void> {
    await this.ask({ type: 'reset', latencyMs });
  }

  /** Requests a second from the first to the last; throws unless so many have come, each id once. */
  async rate(requests: number): Promise<number> {
    const report = await this.report();
    if (report.requests !== requests || report.duplicates !== 0) {
      throw new Error(
        `${report.requests} requests and ${report.duplicates} duplicates instead of ${requests}`,
      );
    }
    return requests / ((report.lastAt - report.firstAt) / 1_000);
  }

  /** Requests a second over the first so many thousands. Waits for them. */
  async rateOfFirst(requests: number): Promise<number> {
    await this.received(requests);
    const { firstAt, thousandthsAt } = await this.report();
    return requests / (((thousandthsAt[requests / 1_000 - 1] ?? NaN) - firstAt) / 1_000);
  }

  /** Waits until so many requests have come since the last reset. */
  async received(requests: number): Promise<void> {
    await until(
      `${requests} requests have come`,
      async () => (await this.report()).requests >= requests,
      300_000,
      requests < 10 ? 5 : 50,
    );
  }

  end(): void {
    this.child.disconnect();
  }

  private async ask(order: SinkOrder): Promise<SinkReport> {
    const answer = once(this.child, 'message');
    this.child.send(order);
    const [report]: unknown[] = await answer;
    return report as SinkReport;
  }
}
