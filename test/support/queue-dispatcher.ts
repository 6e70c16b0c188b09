import { randomUUID } from 'node:crypto';
import type { Sql } from '#libs/database';
import { grantSlice, type SliceRequest } from '#libs/queue/grant';
import {
  findWaitingMessages,
  leaseBatchToProbe,
  type LeasedBatch,
  leaseDueBatch,
  type LeaseKey,
  leaseTicketedBatch,
  releaseBatch,
  renewLeases,
  type WaitingMessage,
} from '#libs/queue/lease';
import {
  type MessageOutcome,
  type OutcomeWriter,
  recordOutcomes,
  recordSentAndGrantSlice,
} from '#libs/queue/record';
import { beatHeart, registerDispatcher } from '#libs/queue/watch';

/** Milliseconds, as by default. */
const LEASE = 30_000;
/** Milliseconds without a heartbeat after which a dispatcher counts as gone. */
export const SILENCE = 10_000;
const GUARD = 500;

/** A registered dispatcher: what it does to the queue, without anything on the wire. */
export class QueueDispatcher {
  readonly writer: OutcomeWriter;

  constructor(
    private readonly sql: Sql,
    readonly id: string,
    readonly shard: number,
  ) {
    this.writer = { dispatcherId: id, shard, retryBatches: new Map() };
  }

  /** Leases the next due batch; undefined when there is none to be had. */
  lease(
    order: {
      recentMailings?: number[];
      fair?: boolean;
      waitingMailings?: (number | null)[];
      above?: number;
    } = {},
  ) {
    const { recentMailings = [], fair = false, waitingMailings = [], above } = order;
    return leaseDueBatch(
      this.sql,
      { ...this.terms, waitingMailings },
      { recentMailings, fair, ...(above === undefined ? {} : { above }) },
    );
  }

  /** Leases a due batch to probe with; undefined when there is none or the half-open breaker is not its own. */
  leaseToProbe({ recentMailings = [] as number[], anyone = true, unsuspectedFirst = true } = {}) {
    return leaseBatchToProbe(this.sql, this.terms, { recentMailings, anyone, unsuspectedFirst });
  }

  /** Leases the batch that a ticket names. */
  leaseTicketed(key: LeaseKey) {
    return leaseTicketedBatch(this.sql, this.terms, key);
  }

  /** Leases the next due batch and grants all of it, as if it were on the wire now. */
  async leaseAndGrant(): Promise<{ batch: LeasedBatch; messages: WaitingMessage[] }> {
    const batch = await this.lease();
    if (!batch) throw new Error('Nothing could be leased');
    const messages = await this.waiting(batch);
    const ids = await this.grant(batch, messages);
    return { batch, messages: messages.filter(({ id }) => ids?.includes(id)) };
  }

  waiting(batch: LeaseKey): Promise<WaitingMessage[]> {
    return findWaitingMessages(this.sql, batch, { shard: this.shard, requestMs: 10_000 });
  }

  /** The ids that were granted, ascending; undefined when the grant was refused. */
  async grant(batch: LeaseKey, messages: readonly WaitingMessage[], { probe = false } = {}) {
    const grant = await grantSlice(this.sql, this.sliceOf(batch, messages, probe));
    return grant && [...grant.ids].toSorted((a, b) => a - b);
  }

  /** As {@link record} and {@link grant} in one. */
  async recordAndGrant(
    outcomes: readonly MessageOutcome[],
    batch: LeaseKey,
    messages: readonly WaitingMessage[],
  ) {
    const slice = this.sliceOf(batch, messages, false);
    const { recorded, grant } = await recordSentAndGrantSlice(this.sql, this.shard, outcomes, slice);
    return { recorded, granted: grant && [...grant.ids].toSorted((a, b) => a - b) };
  }

  record(...outcomes: MessageOutcome[]) {
    return recordOutcomes(this.sql, this.writer, outcomes);
  }

  release(batch: LeaseKey, delayMs = 0) {
    return releaseBatch(this.sql, this.id, batch, delayMs);
  }

  renew(...batches: LeaseKey[]) {
    return renewLeases(this.sql, this.id, LEASE, batches);
  }

  beat() {
    return beatHeart(this.sql, { id: this.id, host: 'here', pid: 1, shard: this.shard }, SILENCE);
  }

  private sliceOf(batch: LeaseKey, messages: readonly WaitingMessage[], probe: boolean): SliceRequest {
    const terms = { leaseMs: LEASE, guardMs: GUARD, probe };
    return { owner: this.id, batch, ids: messages.map(({ id }) => id), terms };
  }

  private get terms() {
    return { owner: this.id, leaseMs: LEASE, guardMs: GUARD, waitingMailings: [] };
  }
}

/** A dispatcher that has been in touch with the database for a day, and so may judge who is gone. */
export async function steadyJudge(sql: Sql): Promise<{ id: string; shard: number }> {
  const judge = { id: '00000000-0000-4000-8000-000000000005', shard: 5 };
  await sql.query(
    {
      name: 'test-steady-judge',
      text: `
        INSERT INTO dispatchers (id, shard, host, pid, started_at, heartbeat_at, steady_since)
        SELECT $1::uuid, $2, 'here', 5, now, now, now - interval '1 day' FROM (SELECT ems_now() AS now) AS clock
        ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, steady_since = excluded.steady_since`,
    },
    [judge.id, judge.shard],
  );
  return judge;
}

/** One more dispatcher, with the shard that the registry gave it. */
export async function registerQueueDispatcher(sql: Sql): Promise<QueueDispatcher> {
  const id = randomUUID();
  const shard = await registerDispatcher(sql, { id, host: 'here', pid: 1 });
  return new QueueDispatcher(sql, id, shard);
}
