import { Injectable } from '@nestjs/common';
import { Sql } from '#libs/database';
import { type DueBacklog, measureDueBacklog } from '#libs/queue/watch';
import { DispatcherMetrics } from '#libs/telemetry';
import { ProviderBreaker } from '../outlets/provider-breaker.js';
import type { Duty } from '../process/duty.js';
import { MessageSender } from '../send/message-sender.js';

/** Keeps the metrics of what is due and not sent, and lets a scrape read what is on the wire. */
@Injectable()
export class EngineGauges implements Duty<DueBacklog> {
  constructor(
    private readonly sql: Sql,
    private readonly metrics: DispatcherMetrics,
    sender: MessageSender,
    breaker: ProviderBreaker,
  ) {
    metrics.watch({
      inFlight: () => sender.countInFlight(),
      breaker: () => breaker.current?.state ?? 'closed',
    });
  }

  async runOnce(): Promise<DueBacklog> {
    const backlog = await measureDueBacklog(this.sql);
    this.metrics.backlog(backlog);
    return backlog;
  }
}
