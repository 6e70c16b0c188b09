import { Injectable } from '@nestjs/common';
import type { ProbeOrder } from '#libs/queue/lease';
import { BatchRunner, type Probe } from './batch-runner.js';
import { LeaseKeeper } from './lease-keeper.js';
import { ServingMemory } from './serving-memory.js';

/** Leases a due batch through a half-open breaker and sends one message of it. */
@Injectable()
export class ProbeSender {
  /** The mailings that were probed with: another one comes next, as the trouble may be that of its recipients. */
  private readonly probed = new ServingMemory();

  constructor(
    private readonly leases: LeaseKeeper,
    private readonly runner: BatchRunner,
  ) {}

  /** What the provider made of it; undefined when nothing could be sent. */
  async sendOne(order: Omit<ProbeOrder, 'recentMailings'>): Promise<Probe | undefined> {
    const { recentMailings } = this.probed;
    const batch = await this.leases.leaseToProbe({ ...order, recentMailings });
    if (!batch) return undefined;
    this.probed.remember(batch.mailingId);
    return this.runner.probe(batch);
  }
}
