import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { leaveMailing, type PlanLease, type PlannedPage, planPage, takeMailing } from '#libs/messages';
import { DispatcherMetrics } from '#libs/telemetry';
import { DISPATCHER_CONFIG } from '../dispatcher-config.js';
import { DispatcherIdentity } from '../dispatcher-identity.js';
import type { Duty } from '../duties/duty.js';

/** Clients in one page: about 0.2 s of one short transaction. */
const PAGE_SIZE = 20_000;
/** Clients in the first page of a lease: few, since nothing can be sent before they are written. */
const FIRST_PAGE_SIZE = 2_000;
/** Milliseconds; renewed by each page, and a page that is being written can't be taken over anyway. */
const PLAN_LEASE = 10_000;

export interface PlanningStep {
  /** The page that was written, if there was anything to plan. */
  page?: PlannedPage & { mailingId: number };
  /** Another page waits. */
  more: boolean;
}

/**
 * Turns mailings whose time has come into batches and messages, a page at a time. Several mailings take
 * turns, so that a small one does not wait for a big one to be planned.
 */
@Injectable()
export class MailingPlanner implements Duty<PlanningStep> {
  private readonly logger = new Logger(MailingPlanner.name);
  /** One for each mailing at most. */
  private held: PlanLease[] = [];

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly metrics: DispatcherMetrics,
  ) {}

  async runOnce(): Promise<PlanningStep> {
    const taken = await takeMailing(this.sql, PLAN_LEASE);
    if (taken) {
      this.logger.log({ msg: 'planning begins', mailingId: taken.mailingId });
      // A lease that ran out while others had their turn is worth nothing any more.
      this.held = [taken, ...this.held.filter((lease) => lease.mailingId !== taken.mailingId)];
    }
    const lease = this.held.shift();
    if (!lease) return { more: false };
    const startedAt = performance.now();
    let page: PlannedPage;
    try {
      page = await planPage(this.sql, lease, {
        size: lease === taken ? FIRST_PAGE_SIZE : PAGE_SIZE,
        guardMs: this.config.sendGuardMs,
        leaseMs: PLAN_LEASE,
        shard: this.identity.shard,
      });
    } catch (error) {
      // To the end of the row, so that a mailing which can't be planned holds up no other.
      this.held.push(lease);
      throw error;
    }
    this.metrics.planned((performance.now() - startedAt) / 1000);
    if (!page.finished) this.held.push(lease);
    else await leaveMailing(this.sql, lease);
    this.logger.log({ msg: 'page planned', mailingId: lease.mailingId, ...page });
    return { page: { ...page, mailingId: lease.mailingId }, more: this.held.length > 0 };
  }

  /** Leaves the rest to the other dispatchers. */
  async stop(): Promise<void> {
    for (const lease of this.held.splice(0)) await leaveMailing(this.sql, lease);
  }
}
