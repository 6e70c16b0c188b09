import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { reclaimAbandonedBatches } from '#libs/messages';
import { DISPATCHER_CONFIG } from '../dispatcher-config.js';
import { DispatcherIdentity } from '../dispatcher-identity.js';
import type { Duty } from './duty.js';
import { Heartbeat } from './heartbeat.js';

/** Takes over the batches of dispatchers that are gone. */
@Injectable()
export class AbandonedBatchReclaimer implements Duty<{ reclaimed: number }> {
  private readonly logger = new Logger(AbandonedBatchReclaimer.name);

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly heartbeat: Heartbeat,
  ) {}

  async runOnce(): Promise<{ reclaimed: number }> {
    // After the database was away everyone looks silent, so nobody is judged before having had time to return.
    if (!(this.heartbeat.steadyFor() >= this.config.ownerSilenceMs)) return { reclaimed: 0 };
    const batches = await reclaimAbandonedBatches(this.sql, {
      silenceMs: this.config.ownerSilenceMs,
      maxAttempts: this.config.retry.maxAttempts,
      shard: this.identity.shard,
    });
    for (const { id, mailingId, owner } of batches) {
      this.logger.warn({ msg: 'a batch of a dead dispatcher is taken back', batchId: id, mailingId, owner });
    }
    const [first] = batches;
    if (first) this.logger.warn({ msg: 'messages in doubt', messages: first.doubtfulInAll });
    return { reclaimed: batches.length };
  }
}
