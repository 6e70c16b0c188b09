import { Inject, Injectable } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { beatHeart } from '#libs/messages';
import { DatabaseClock } from '../database-clock.js';
import { DISPATCHER_CONFIG } from '../dispatcher-config.js';
import { DispatcherIdentity } from '../dispatcher-identity.js';
import type { Duty } from './duty.js';

/** Shows the others that this dispatcher lives, and keeps its idea of the database's time fresh. */
@Injectable()
export class Heartbeat implements Duty<{ now: number }> {
  private lastBeat = Number.NEGATIVE_INFINITY;
  private steadySince = Number.POSITIVE_INFINITY;

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly clock: DatabaseClock,
  ) {}

  async runOnce(): Promise<{ now: number }> {
    const sentAt = performance.now();
    const now = await beatHeart(this.sql, this.identity);
    this.clock.observe(now, sentAt);
    if (sentAt - this.lastBeat > this.config.ownerSilenceMs / 2) this.steadySince = sentAt;
    this.lastBeat = performance.now();
    return { now };
  }

  /** Milliseconds for which this process has been in touch with the database without a gap. */
  steadyFor(): number {
    return this.lastBeat - this.steadySince;
  }
}
