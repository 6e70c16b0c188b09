import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { reclaimAbandonedBatches } from '#libs/queue/recover';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';
import type { Duty } from '../process/duty.js';

/** Takes over the batches of dispatchers that are gone. */
@Injectable()
export class AbandonedBatchReclaimer implements Duty<{ reclaimed: number }> {
  private readonly logger = new Logger(AbandonedBatchReclaimer.name);

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
  ) {}

  async runOnce(): Promise<{ reclaimed: number }> {
    const batches = await reclaimAbandonedBatches(this.sql, this.identity, {
      silenceMs: this.config.ownerSilenceMs,
      maxAttempts: this.config.retry.maxAttempts,
    });
    for (const { id, mailingId, owner } of batches) {
      this.logger.warn({ msg: 'a batch of a dead dispatcher is taken back', batchId: id, mailingId, owner });
    }
    const [first] = batches;
    if (first) this.logger.warn({ msg: 'messages in doubt', messages: first.doubtfulInAll });
    return { reclaimed: batches.length };
  }
}
