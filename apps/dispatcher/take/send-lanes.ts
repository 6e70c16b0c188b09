import { Inject, Injectable } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import type { OpenBatch } from '../grant/open-batch.js';
import { ProviderBreaker } from '../outlets/provider-breaker.js';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { SendSwitch } from '../process/send-switch.js';
import { BatchRunner } from './batch-runner.js';
import { BatchTaker } from './batch-taker.js';

/** A few batches at a time go through {@link BatchRunner}, each lane taking the next as soon as it can. */
@Injectable()
export class SendLanes {
  private running: Promise<void>[] = [];
  private readonly busyWith = new Set<OpenBatch>();

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly taker: BatchTaker,
    private readonly runner: BatchRunner,
    private readonly sendSwitch: SendSwitch,
    breaker: ProviderBreaker,
  ) {
    breaker.onChange(({ open }) => {
      if (!open) taker.lookAtOnce();
    });
  }

  /** The lowest priority of what the lanes are busy with; undefined while one of them is free. */
  get leastUrgent(): number | undefined {
    if (this.busyWith.size < this.config.lanes) return undefined;
    return Math.min(...[...this.busyWith].map(({ priority }) => priority));
  }

  start(): void {
    this.running = Array.from({ length: this.config.lanes }, () => this.lane());
  }

  /** Starts nothing more; resolves when what was on the wire is recorded and every batch was given back. */
  async stop(): Promise<void> {
    this.sendSwitch.stopping = true;
    this.taker.stopWaiting();
    this.runner.dropUnsent();
    await Promise.all(this.running);
    await this.runner.finished();
  }

  private async lane(): Promise<void> {
    while (!this.sendSwitch.stopping) {
      const batch = await this.taker.take();
      if (!batch) continue;
      this.busyWith.add(batch);
      await this.runner.run(batch);
      this.busyWith.delete(batch);
    }
  }
}
