import { Injectable } from '@nestjs/common';
import type { Duty } from '../process/duty.js';
import { SendSwitch } from '../process/send-switch.js';
import { BatchRunner } from './batch-runner.js';
import { LeaseKeeper } from './lease-keeper.js';
import { SendLanes } from './send-lanes.js';
import { ServingMemory } from './serving-memory.js';

/**
 * A lane beside the others, for what is more urgent than a batch that one of them sends while all are busy: it would
 * wait until the first has sent its 500 messages, and its second batch for the next lane. Theirs go on with the
 * places under the cap that it leaves them.
 */
@Injectable()
export class UrgentLane implements Duty<{ ran: boolean }> {
  constructor(
    private readonly lanes: SendLanes,
    private readonly leases: LeaseKeeper,
    private readonly sendSwitch: SendSwitch,
    private readonly memory: ServingMemory,
    private readonly runner: BatchRunner,
  ) {}

  /** Ends when the batch that it took, if there was one, needs no lane any more. */
  async runOnce(): Promise<{ ran: boolean }> {
    const above = this.lanes.leastUrgent;
    if (above === undefined || !this.sendSwitch.isOn) return { ran: false };
    const batch = await this.leases.leaseDue({ recentMailings: [], fair: false, above });
    if (!batch) return { ran: false };
    this.memory.remember(batch.mailingId);
    await this.runner.run(batch);
    return { ran: true };
  }
}
