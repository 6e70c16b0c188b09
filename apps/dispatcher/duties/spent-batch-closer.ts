import { Inject, Injectable } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { closeSpentBatches, moveBatchesToNextWindow } from '#libs/queue/recover';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';
import type { Duty } from '../process/duty.js';

/** Closes what waits in ended or cancelled mailings, and moves what missed its window to the next one. */
@Injectable()
export class SpentBatchCloser implements Duty<{ closed: number; moved: number }> {
  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
  ) {}

  async runOnce(): Promise<{ closed: number; moved: number }> {
    const closed = await closeSpentBatches(this.sql, this.identity.shard);
    const moved = await moveBatchesToNextWindow(this.sql, this.config.sendGuardMs);
    return { closed, moved };
  }
}
