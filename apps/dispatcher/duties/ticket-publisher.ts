import { Inject, Injectable } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { takeTickets } from '#libs/queue/lease';
import { WorkQueue } from '#libs/nats';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import type { Duty } from '../process/duty.js';
import { SendSwitch } from '../process/send-switch.js';
import { LeaseKeeper } from '../take/lease-keeper.js';
import { ServingMemory } from '../take/serving-memory.js';

/** Tickets out at a time for each lane: enough for all that wait, few enough that the urgent comes soon. */
const TICKETS_A_LANE = 4;
/** Milliseconds until a ticket that nobody took up is written anew. */
const TICKET_VALID = 6_000;

/**
 * Hands due batches out over JetStream, best first, while there is a lane anywhere that waits for one. Every
 * dispatcher does; Postgres keeps them apart.
 */
@Injectable()
export class TicketPublisher implements Duty<{ published: number }> {
  private readonly memory = new ServingMemory();

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly queue: WorkQueue,
    private readonly sendSwitch: SendSwitch,
    private readonly leases: LeaseKeeper,
  ) {}

  async runOnce(): Promise<{ published: number }> {
    if (!this.queue.ready || !this.sendSwitch.isOn) return { published: 0 };
    if (!(await this.queue.isWaitedFor())) return { published: 0 };
    const tickets = await takeTickets(this.sql, {
      depth: this.config.lanes * TICKETS_A_LANE,
      validMs: TICKET_VALID,
      guardMs: this.config.sendGuardMs,
      waitingMailings: this.leases.waitingMailings,
      ...this.memory.nextOrder(),
    });
    for (const ticket of tickets) this.memory.remember(ticket.mailingId);
    if (tickets.length > 0) await this.queue.publish(tickets);
    return { published: tickets.length };
  }
}
