import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { type FetchedTicket, WorkQueue } from '#libs/nats';
import type { OpenBatch } from '../grant/open-batch.js';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { SendSwitch } from '../process/send-switch.js';
import { WakeUp } from '../process/wake-up.js';
import { LeaseKeeper } from './lease-keeper.js';
import { ServingMemory } from './serving-memory.js';

/**
 * Finds a lane its next batch. Who has just found one looks into Postgres at once: there is mostly more, and to be
 * handed each batch over NATS costs as much as to send a tenth of it. Who finds nothing waits for a ticket, and looks
 * again when none came or NATS is away.
 */
@Injectable()
export class BatchTaker {
  private readonly logger = new Logger(BatchTaker.name);
  private readonly wakeUp = new WakeUp();
  /** Tickets that gave way to something more urgent: one for each lane at most. */
  private readonly passedOver: FetchedTicket[] = [];
  private troubled = false;
  /**
   * Looks into Postgres that no ticket is waited for: one for each lane that has found something, and for all of them
   * at the start and after trouble, for the tickets of what is due may have been given to a process that is dead, or
   * be lost.
   */
  private looksAtOnce: number;

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly queue: WorkQueue,
    private readonly leases: LeaseKeeper,
    private readonly sendSwitch: SendSwitch,
    private readonly memory: ServingMemory,
  ) {
    this.looksAtOnce = config.lanes;
  }

  /** A leased batch; undefined without one, after the polling interval at most, and at once after a look of its own. */
  async take(): Promise<OpenBatch | undefined> {
    try {
      const batch = await this.look();
      if (this.troubled) this.logger.log('Postgres is back: batches are taken again.');
      this.troubled = false;
      if (batch) {
        this.memory.remember(batch.mailingId);
        this.looksAtOnce = Math.min(this.looksAtOnce + 1, this.config.lanes);
      }
      return batch;
    } catch (error) {
      if (!this.troubled) this.logger.warn({ msg: 'no batch can be taken', error: String(error) });
      this.troubled = true;
      this.looksAtOnce = this.config.lanes;
      await this.wakeUp.wait(this.config.pollMs);
      return undefined;
    }
  }

  /** It is time to stop: nobody sleeps on. */
  stopWaiting(): void {
    this.wakeUp.wake();
  }

  /** Sending goes on after an outage, in which no tickets were published: nobody sleeps on, or waits for one. */
  lookAtOnce(): void {
    this.looksAtOnce = this.config.lanes;
    this.wakeUp.wake();
  }

  private async look(): Promise<OpenBatch | undefined> {
    if (this.sendSwitch.breakerOpen) {
      await this.wakeUp.wait(this.config.pollMs);
      return undefined;
    }
    const queueReady = this.queue.ready;
    if (this.looksAtOnce > 0) this.looksAtOnce -= 1;
    else if (queueReady) {
      const ticket = this.passedOver.shift() ?? (await this.queue.fetch(1, this.config.pollMs))[0];
      const batch = ticket && (await this.takeFor(ticket));
      if (batch) return batch;
    }
    if (this.sendSwitch.stopping) return undefined;
    const batch = await this.leases.leaseDue(this.memory.nextOrder());
    if (!batch && !queueReady) await this.wakeUp.wait(this.config.pollMs);
    return batch;
  }

  /** The batch of the ticket, or one that is more urgent; the ticket is kept then for when nothing else is. */
  private async takeFor(ticket: FetchedTicket): Promise<OpenBatch | undefined> {
    if (await this.leases.isOutranked(ticket.batchId)) {
      const urgent = await this.leases.leaseDue(this.memory.nextOrder());
      if (urgent) {
        this.passedOver.push(ticket);
        return urgent;
      }
    }
    const batch = await this.leases.leaseTicketed({ id: ticket.batchId, fence: ticket.fence });
    ticket.ack();
    return batch;
  }
}
