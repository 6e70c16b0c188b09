import { Injectable } from '@nestjs/common';
import { Sql } from '#libs/database';
import { type DueBacklog, measureDueBacklog } from '#libs/messages';
import { DispatcherMetrics } from '#libs/telemetry';
import type { Duty } from './duty.js';

/** Keeps the metrics of what is due and not sent. */
@Injectable()
export class BacklogGauge implements Duty<DueBacklog> {
  constructor(
    private readonly sql: Sql,
    private readonly metrics: DispatcherMetrics,
  ) {}

  async runOnce(): Promise<DueBacklog> {
    const backlog = await measureDueBacklog(this.sql);
    this.metrics.backlog(backlog);
    return backlog;
  }
}
