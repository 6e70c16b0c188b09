import { setTimeout as pause } from 'node:timers/promises';
import { explain } from './explain.js';
import { restartPauseMs, steadyAfterMs } from './restart-pause.js';

/** A process that has been started. */
export interface RunningService {
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason, with a few words on how. */
  readonly exited: Promise<string>;
  /** Ends the process and settles when it is gone. */
  stop(): Promise<void>;
}

export interface ServiceLaunch {
  readonly name: string;
  /** Starts the process; called again each time it ends. */
  readonly launch: () => Promise<RunningService>;
  /** Settles when the service does its work; asked at the first start only. */
  readonly ready?: (running: RunningService) => Promise<void>;
  readonly report: (line: string) => void;
}

/** Keeps one process running until it is told to stop: when it ends, it is started again after a pause. */
export class SupervisedService {
  readonly name: string;
  private readonly stopping = new AbortController();
  private current: RunningService | undefined;
  private keeping: Promise<void> = Promise.resolve();

  constructor(private readonly service: ServiceLaunch) {
    this.name = service.name;
  }

  /** The first start; throws when it fails, with nothing left running. */
  async start(): Promise<void> {
    const running = await this.service.launch();
    this.current = running;
    try {
      await this.service.ready?.(running);
    } catch (error) {
      await running.stop();
      throw error;
    }
    this.keeping = this.keepRunning(running);
  }

  /** Ends the process for good; also while it is being started again. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.current?.stop();
    await this.keeping;
  }

  private async keepRunning(first: RunningService): Promise<void> {
    let running = first;
    let endsInARow = 0;
    for (;;) {
      const startedAt = performance.now();
      const how = await running.exited;
      if (this.stopping.signal.aborted) return;
      if (performance.now() - startedAt >= steadyAfterMs) endsInARow = 0;
      let reason = `process ${running.pid} ended (${how})`;
      let next: RunningService | undefined;
      while (next === undefined) {
        endsInARow += 1;
        next = await this.startAgain(reason, restartPauseMs(endsInARow)).catch((error: unknown) => {
          reason = `it did not start (${explain(error)})`;
          return undefined;
        });
        if (this.stopping.signal.aborted) {
          await next?.stop();
          return;
        }
      }
      running = next;
    }
  }

  private async startAgain(reason: string, pauseMs: number): Promise<RunningService> {
    const { name, report } = this.service;
    report(`${name}: ${reason}, starting it again in ${pauseMs / 1000} s`);
    await pause(pauseMs, undefined, { signal: this.stopping.signal });
    const running = await this.service.launch();
    this.current = running;
    if (!this.stopping.signal.aborted) report(`${name}: started again as process ${running.pid}`);
    return running;
  }
}
