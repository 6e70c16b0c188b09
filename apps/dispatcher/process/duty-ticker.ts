import { Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Duty } from './duty.js';

/** When a duty runs. */
export interface Tick<Result = unknown> {
  name: string;
  everyMs: number;
  duty: Duty<Result>;
  /** Whether there is more of the same to do at once. */
  again?(result: Result): boolean;
  /** The other duties that have something to do after such a result. */
  wakes?(result: Result): readonly string[];
}

/** Runs duties at their intervals, one run of each at a time. A failed run is tried again at the next tick. */
@Injectable()
export class DutyTicker {
  private readonly logger = new Logger(DutyTicker.name);
  private readonly runs = new Map<string, () => void>();
  private readonly ticks: Tick[] = [];
  private readonly running = new Map<string, Promise<void>>();
  private readonly failing = new Set<string>();
  private stopping = false;

  constructor(private readonly scheduler: SchedulerRegistry) {}

  /** Runs each duty now and at its interval from now on. */
  start(ticks: readonly Tick[]): void {
    for (const tick of ticks) {
      const run = this.runner(tick);
      this.ticks.push(tick);
      this.runs.set(tick.name, run);
      this.scheduler.addInterval(tick.name, setInterval(run, tick.everyMs));
    }
    for (const run of this.runs.values()) run();
  }

  /** Runs a duty right away, or once more if it is running; nothing before the start and after the stop. */
  nudge(name: string): void {
    this.runs.get(name)?.();
  }

  /** No further run starts; resolves when those under way have ended and every duty has let go. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const name of this.runs.keys()) this.scheduler.deleteInterval(name);
    this.runs.clear();
    await Promise.all(this.running.values());
    for (const { name, duty } of this.ticks) {
      await duty.stop?.().catch((error: unknown) => {
        this.logger.warn({ msg: `${name} could not let go`, error: String(error) });
      });
    }
  }

  private runner(tick: Tick): () => void {
    let wanted = false;
    const work = async () => {
      while (wanted && !this.stopping) {
        wanted = false;
        await this.runOnce(tick);
      }
      this.running.delete(tick.name);
    };
    return () => {
      wanted = true;
      if (!this.stopping && !this.running.has(tick.name)) this.running.set(tick.name, work());
    };
  }

  private async runOnce(tick: Tick): Promise<void> {
    try {
      for (let more = true; more && !this.stopping;) {
        const result = await tick.duty.runOnce();
        for (const name of tick.wakes?.(result) ?? []) this.nudge(name);
        more = tick.again?.(result) ?? false;
      }
      if (this.failing.delete(tick.name)) this.logger.log(`${tick.name} works again.`);
    } catch (error) {
      if (this.failing.has(tick.name)) return;
      this.failing.add(tick.name);
      this.logger.warn({ msg: `${tick.name} failed and is tried again`, error: String(error) });
    }
  }
}
