import { Inject, Injectable } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { beatHeart } from '#libs/queue/watch';
import { DatabaseClock } from '../process/database-clock.js';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';
import type { Duty } from '../process/duty.js';

/** Shows the others that this dispatcher lives, and keeps its idea of the database's time fresh. */
@Injectable()
export class Heartbeat implements Duty<{ now: number }> {
  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly clock: DatabaseClock,
  ) {}

  async runOnce(): Promise<{ now: number }> {
    const sentAt = performance.now();
    const now = await beatHeart(this.sql, this.identity, this.config.ownerSilenceMs);
    this.clock.observe(now, sentAt);
    return { now };
  }
}
