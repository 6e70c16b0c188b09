import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import {
  findWaitingMessages,
  isOutranked,
  leaseBatchToProbe,
  type LeasedBatch,
  leaseDueBatch,
  type LeaseKey,
  type LeaseOrder,
  type LeaseTerms,
  leaseTicketedBatch,
  type ProbeOrder,
  releaseBatch,
  renewLeases,
  type WaitingMessage,
} from '#libs/queue/lease';
import { findExpiredLeases, freeForgottenBatches } from '#libs/queue/recover';
import { OpenBatch } from '../grant/open-batch.js';
import { UnrecordedCap } from '../grant/unrecorded-cap.js';
import { DatabaseClock } from '../process/database-clock.js';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';

const MOST_ASIDE = 64;

/** The batches in this dispatcher's hands. Every call throws when Postgres is away. */
@Injectable()
export class LeaseKeeper {
  private readonly logger = new Logger(LeaseKeeper.name);
  private readonly open = new Set<OpenBatch>();
  /** Tenures, by batch and fence, that are given back unseen: an answer that brings one comes too late. */
  private readonly disowned = new Set<string>();

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly clock: DatabaseClock,
    private readonly cap: UnrecordedCap,
  ) {}

  get openBatches(): ReadonlySet<OpenBatch> {
    return this.open;
  }

  /** So many batches wait aside for slots that no further mailing with a limit is taken up. */
  get crowded(): boolean {
    return [...this.open].filter(({ aside }) => aside).length >= MOST_ASIDE;
  }

  /**
   * Mailings of which another batch would only wait for slots like the one that does already, as for leasing. The
   * next one comes when one slice is left of this.
   */
  get waitingMailings(): (number | null)[] {
    if (this.crowded) return [null];
    const aside = [...this.open].filter((batch) => batch.aside);
    return aside
      .filter(
        (batch, nth) =>
          batch.ungranted.size > this.config.grantSize ||
          aside.findIndex(({ mailingId }) => mailingId === batch.mailingId) !== nth,
      )
      .map(({ mailingId }) => mailingId);
  }

  /** Leases the batch a ticket names; undefined when it was taken, is not due or may not be sent. */
  leaseTicketed(key: LeaseKey): Promise<OpenBatch | undefined> {
    return this.lease(false, (terms) => leaseTicketedBatch(this.sql, terms, key));
  }

  /** Whether something more urgent than the batch of a ticket waits to be sent. */
  isOutranked(batchId: number): Promise<boolean> {
    const { waitingMailings, config } = this;
    return isOutranked(this.sql, batchId, { guardMs: config.sendGuardMs, waitingMailings });
  }

  /** Leases the next due batch. */
  leaseDue(order: LeaseOrder): Promise<OpenBatch | undefined> {
    return this.lease(false, (terms) => leaseDueBatch(this.sql, terms, order));
  }

  /** Leases a due batch to probe with, while the breaker is half open for this dispatcher. */
  leaseToProbe(order: ProbeOrder): Promise<OpenBatch | undefined> {
    return this.lease(true, (terms) => leaseBatchToProbe(this.sql, terms, order));
  }

  findWaiting(batch: OpenBatch): Promise<WaitingMessage[]> {
    return findWaitingMessages(this.sql, batch, {
      shard: this.identity.shard,
      requestMs: this.config.provider.timeoutMs,
    });
  }

  /** Gives a drained batch back; what is left in it is due again in `delayMs`. */
  async release(batch: OpenBatch, delayMs: number): Promise<'done' | 'ready' | 'lost'> {
    const state = await releaseBatch(this.sql, this.identity.id, batch, delayMs);
    this.abandon(batch);
    return state;
  }

  /** Forgets a batch without a word to Postgres: its lease runs out by itself. */
  abandon(batch: OpenBatch): void {
    this.open.delete(batch);
    batch.end();
  }

  /** Renews the leases that have used up a third of their time, and gives back those nobody remembers. */
  async runOnce(): Promise<{ renewed: number; lost: number; forgotten: number }> {
    const forgotten = await this.giveBackForgotten();
    return { ...(await this.renew()), forgotten };
  }

  private async giveBackForgotten(): Promise<number> {
    const expired = await findExpiredLeases(this.sql, this.identity.id);
    const known = new Set([...this.open].map((batch) => batch.id));
    const forgotten = expired.filter((key) => !known.has(key.id));
    if (forgotten.length === 0) return 0;
    for (const key of forgotten) this.disowned.add(tenureOf(key));
    const batchIds = await freeForgottenBatches(this.sql, this.identity.id, forgotten);
    for (const key of forgotten) this.disowned.delete(tenureOf(key));
    this.logger.warn({ msg: 'forgotten leases were given back', batchIds });
    return batchIds.length;
  }

  private async renew(): Promise<{ renewed: number; lost: number }> {
    const sentAt = performance.now();
    const due = [...this.open].filter(
      (batch) => batch.leaseDeadline - sentAt < (this.config.leaseMs * 2) / 3,
    );
    if (due.length === 0) return { renewed: 0, lost: 0 };
    const renewed = await renewLeases(this.sql, this.identity.id, this.config.leaseMs, due);
    const lost = due.filter((batch) => !renewed.has(batch.id) && this.open.has(batch));
    for (const batch of due) {
      if (renewed.has(batch.id)) batch.leaseDeadline = sentAt + this.config.leaseMs;
    }
    for (const batch of lost) {
      batch.leaseDeadline = Number.NEGATIVE_INFINITY;
      this.logger.warn({ msg: 'a lease was lost', batchId: batch.id, mailingId: batch.mailingId });
    }
    return { renewed: renewed.size, lost: lost.length };
  }

  private async lease(
    probe: boolean,
    lease: (terms: LeaseTerms) => Promise<LeasedBatch | undefined>,
  ): Promise<OpenBatch | undefined> {
    const sentAt = performance.now();
    const leased = await lease({
      owner: this.identity.id,
      leaseMs: this.config.leaseMs,
      guardMs: this.config.sendGuardMs,
      waitingMailings: this.waitingMailings,
    });
    if (!leased || this.disowned.has(tenureOf(leased))) return undefined;
    this.clock.observe(leased.now, sentAt);
    const batch = new OpenBatch(leased, sentAt + this.config.leaseMs, this.cap, probe);
    this.open.add(batch);
    return batch;
  }
}

function tenureOf({ id, fence }: LeaseKey): string {
  return `${id}.${fence}`;
}
