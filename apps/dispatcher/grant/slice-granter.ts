import { Inject, Injectable } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { type Grant, grantPacedSlice, grantSlice, type SliceRequest } from '#libs/queue/grant';
import type { WaitingMessage } from '#libs/queue/lease';
import { DatabaseClock } from '../process/database-clock.js';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';
import type { GrantedMessage, OpenBatch } from './open-batch.js';
import { PiggybackedGrant } from './piggybacked-grant.js';
import type { Slice } from './ungranted.js';

/** Milliseconds in which a slot may be spent. */
const SLOT_GOOD_FOR = 50;

/** Milliseconds: so soon after a limit was set, nothing starts any more that was granted without one. */
const GRANT_GOOD_FOR = 1_000;

/** Milliseconds for which a grant is good at least once it is here, however long Postgres took for its answer. */
const GRANT_GOOD_ONCE_HERE = 100;

/** Milliseconds until a batch that waits for places looks whether sending is over, if there was no news of it. */
const NEWS_WAIT = 1_000;

export interface GrantedSlice {
  /** In the order of their ids, and so of their slots. */
  messages: GrantedMessage[];
  /** Whose limit ran out, if a message found no slot. */
  shortOf: Grant['shortOf'];
  /** The monotonic instant at which it is worth asking for more. */
  askAgainAt: number;
}

/** Grants slices of batches, never more than have a place under the cap. Throws when Postgres is away. */
@Injectable()
export class SliceGranter {
  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly clock: DatabaseClock,
  ) {}

  /** The most messages of one slice. */
  get sliceSize(): number {
    return Math.min(this.config.grantSize, this.config.maxUnrecorded);
  }

  /**
   * Grants what is next of the batch, `most` messages at most, as soon as there is place for them; what finds no
   * slot stays with the batch. Undefined when sending is over, as it is when `mayGrant` says no by then.
   */
  async grantNext(
    batch: OpenBatch,
    most: number,
    mayGrant: () => boolean,
  ): Promise<GrantedSlice | undefined> {
    const slice = batch.ungranted.nextSlice(most);
    const fresh = slice.type === 'fresh' ? slice.messages.length : 0;
    const request = this.requestFor(batch, slice);
    const piggyback = mayPiggyback(batch, slice) ? new PiggybackedGrant(request, mayGrant) : undefined;
    if (!(await this.waitForPlaces(fresh, batch, mayGrant, piggyback))) {
      batch.ungranted.putBack(slice, idsOf(slice));
      return { messages: [], shortOf: null, askAgainAt: 0 };
    }
    let grant: GrantedSlice | undefined;
    try {
      const brought = piggyback?.sentAt === undefined ? undefined : await piggyback.result;
      if (piggyback?.sentAt !== undefined && brought)
        grant = this.grantedBy(brought, batch, slice, piggyback.sentAt);
      else if (mayGrant()) grant = await this.grant(batch, slice, request);
    } catch (error) {
      // It may be committed, and only its answer lost: the batch keeps these places to its end.
      batch.ungranted.putBack(slice, idsOf(slice));
      throw error;
    }
    const granted = slice.type === 'fresh' ? (grant?.messages.length ?? 0) : 0;
    batch.freePlaces(fresh - granted);
    batch.granted(granted);
    if (!grant) batch.ungranted.putBack(slice, idsOf(slice));
    return grant;
  }

  /**
   * Keeps the place in the line while there may be a use for it. False, and no place taken, when sending is over, or a
   * message of the batch was returned unsent or lapsed: a lapsed one has its place and goes first, as it may be what
   * delays those who wait. A probe waits a moment only.
   */
  private waitForPlaces(
    count: number,
    batch: OpenBatch,
    mayGrant: () => boolean,
    piggyback: PiggybackedGrant | undefined,
  ): Promise<boolean> {
    const news = async (isWaiting: () => boolean) => {
      do await batch.news.wait(NEWS_WAIT);
      while (isWaiting() && !batch.probe && mayGrant() && !batch.hasUnsent && !batch.ungranted.hasLapsed);
    };
    return batch.acquirePlaces(count, { news, priority: batch.priority, piggyback });
  }

  private requestFor(batch: OpenBatch, slice: Slice<GrantedMessage>): SliceRequest {
    return {
      owner: this.identity.id,
      batch,
      ids: slice.messages.map((message) => message.id),
      terms: { leaseMs: this.config.leaseMs, guardMs: this.config.sendGuardMs, probe: batch.probe },
    };
  }

  private async grant(
    batch: OpenBatch,
    slice: Slice<GrantedMessage>,
    request: SliceRequest,
  ): Promise<GrantedSlice | undefined> {
    const sentAt = performance.now();
    const grant = await (isPaced(batch) ? grantPacedSlice : grantSlice)(this.sql, request);
    return grant && this.grantedBy(grant, batch, slice, sentAt);
  }

  /** What a grant that was asked for at `sentAt` makes of a slice. */
  private grantedBy(
    grant: Grant,
    batch: OpenBatch,
    slice: Slice<GrantedMessage>,
    sentAt: number,
  ): GrantedSlice {
    this.clock.observe(grant.now, sentAt);
    if (grant.leaseMs !== null) batch.leaseDeadline = sentAt + grant.leaseMs;
    batch.endAt = grant.endAt;
    batch.keyLifetimeMs = grant.keyLifetimeMs ?? Infinity;
    if (grant.slots === null) batch.limitedBy = null;
    batch.ungranted.putBack(slice, grant.slotless);
    if (slice.type === 'lapsed') {
      const { ids, slotless } = grant;
      for (const { id } of slice.messages) if (!ids.has(id) && !slotless.has(id)) batch.settle('gone');
    }
    const unlimited = grant.slots === null ? this.startWithoutSlot(sentAt, batch) : undefined;
    return {
      messages: slice.messages
        .filter((message) => grant.ids.has(message.id))
        .map((message, nth) =>
          grantedMessage(message, batch, grant.now, unlimited ?? this.startInSlot(grant.slots?.[nth] ?? NaN)),
        ),
      shortOf: grant.shortOf,
      askAgainAt: this.clock.toMonotonicAtLeast(grant.freeAt ?? grant.now),
    };
  }

  /** A grant without a slot stays good for a second. */
  private startWithoutSlot(grantedAt: number, { probe }: OpenBatch): Start {
    const longest = Math.max(grantedAt + GRANT_GOOD_FOR, performance.now() + GRANT_GOOD_ONCE_HERE);
    return { hasSlot: false, startFrom: grantedAt, startUntil: probe ? Infinity : longest };
  }

  /** A slot is spent within moments of its instant or not at all. */
  private startInSlot(slot: number): Start {
    const startFrom = this.clock.toMonotonicAtLeast(slot);
    return { hasSlot: true, startFrom, startUntil: startFrom + SLOT_GOOD_FOR };
  }
}

type Start = Pick<GrantedMessage, 'hasSlot' | 'startFrom' | 'startUntil'>;

/** Field by field: with spreads this is a tenth of what sending a message costs, and each use of it is slower. */
function grantedMessage(
  message: WaitingMessage,
  batch: OpenBatch,
  grantedAt: number,
  start: Start,
): GrantedMessage {
  return {
    id: message.id,
    clientId: message.clientId,
    phone: message.phone,
    attempts: message.attempts,
    resolvedAttempts: message.resolvedAttempts,
    suspicions: message.suspicions,
    ownThrottles: message.ownThrottles,
    ownRefusals: message.ownRefusals,
    inDoubtSince: message.inDoubtSince,
    batch,
    grantedAt,
    hasSlot: start.hasSlot,
    startFrom: start.startFrom,
    startUntil: start.startUntil,
  };
}

/** Whether its messages need slots. */
function isPaced({ limitedBy, probe }: OpenBatch): boolean {
  return limitedBy !== null && !probe;
}

/**
 * Whether a slice may be granted by the statement that frees its places. What is in doubt may be recorded by the very
 * same one, as an earlier tenure's, so that is looked at anew after.
 */
function mayPiggyback(batch: OpenBatch, slice: Slice<GrantedMessage>): boolean {
  if (slice.type !== 'fresh' || slice.messages.length === 0 || isPaced(batch)) return false;
  return slice.messages.every(({ inDoubtSince }) => inDoubtSince === null);
}

function idsOf(slice: Slice<GrantedMessage>): Set<number> {
  return new Set(slice.messages.map(({ id }) => id));
}
