import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { type PlanLease, type PlannedPage, planPage, releasePlan } from '#libs/queue/plan';
import { DispatcherMetrics } from '#libs/telemetry';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';

/** Milliseconds; renewed by each page, and a page that is being written can't be taken over anyway. */
export const PLAN_LEASE = 10_000;

export interface PlanningStep {
  /** The page that was written, if there was anything to plan. */
  page?: PlannedPage & { mailingId: number };
  /** There is, or may be, another page to write at once. */
  more: boolean;
}

/** Writes a page of a mailing's messages, and with the last one gives the mailing's planning back. */
@Injectable()
export class PageWriter {
  private readonly logger = new Logger(PageWriter.name);

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly metrics: DispatcherMetrics,
  ) {}

  async write(lease: PlanLease, size: number): Promise<PlannedPage & { mailingId: number }> {
    const startedAt = performance.now();
    const page = await planPage(this.sql, lease, {
      size,
      guardMs: this.config.sendGuardMs,
      leaseMs: PLAN_LEASE,
      shard: this.identity.shard,
    });
    this.metrics.planned((performance.now() - startedAt) / 1000);
    if (page.finished) await releasePlan(this.sql, lease);
    this.logger.log({ msg: 'page planned', mailingId: lease.mailingId, ...page });
    return { ...page, mailingId: lease.mailingId };
  }
}
