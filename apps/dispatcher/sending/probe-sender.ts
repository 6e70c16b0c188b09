import { Injectable } from '@nestjs/common';
import type { Outcome } from '#libs/provider';
import { BatchRunner } from './batch-runner.js';
import { LeaseHolder } from './lease-holder.js';
import { ServingMemory } from './serving-memory.js';

/** Leases a due batch through a half-open breaker and sends one message of it. */
@Injectable()
export class ProbeSender {
  constructor(
    private readonly leases: LeaseHolder,
    private readonly memory: ServingMemory,
    private readonly runner: BatchRunner,
  ) {}

  /** What the provider made of it; undefined when nothing could be sent. */
  async sendOne(): Promise<Outcome | undefined> {
    const batch = await this.leases.takeDue(this.memory.nextOrder(), true);
    return batch && this.runner.probe(batch);
  }
}
