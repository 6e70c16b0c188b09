import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { Outcome } from '#libs/providers/kinds';
import type { WaitingMessage } from '#libs/queue/lease';
import type { OpenBatch } from '../grant/open-batch.js';
import { type GrantedSlice, SliceGranter } from '../grant/slice-granter.js';
import { DutyTicker } from '../process/duty-ticker.js';
import { MessageSender } from '../send/message-sender.js';
import { SendGate } from '../send/send-gate.js';
import { LeaseKeeper } from './lease-keeper.js';

/** Milliseconds until what was left unsent is due again, so that nobody spins over an unreachable provider. */
const LEFT_OVER_DELAY = 1_000;

const RELEASE_PAUSE = 250;

/**
 * Milliseconds after which a batch that waits for slots gives way, as there may be another to serve first: between
 * the two, drawn for each, so that lanes which began together don't all look for their next batch together.
 */
const SHORTEST_TURN = 2_000;

const LONGEST_TURN = 5_000;

/** Milliseconds between two questions for slots: not for each single one, yet a new limit is noticed soon. */
const SHORTEST_WAIT = 100;

const LONGEST_WAIT = 500;

/** Milliseconds until there may be room for further slots in reserve. */
const ROOM_WAIT = 20;

/** What one message came to that was sent to see whether the provider is up. */
export interface Probe {
  outcome: Outcome;
  /** It had no answer before that may be about its recipient alone. */
  wasUnsuspected: boolean;
}

/**
 * Takes one leased batch through grant, send and release. What is left to wait for, slow answers or slots of a
 * mailing's own limit, is waited for on the side, so that it does not keep the lane from the next batch.
 */
@Injectable()
export class BatchRunner {
  private readonly logger = new Logger(BatchRunner.name);
  private readonly finishing = new Set<Promise<void>>();
  /** Slots that are being asked for. */
  private asked = 0;

  constructor(
    private readonly leases: LeaseKeeper,
    private readonly granter: SliceGranter,
    private readonly sender: MessageSender,
    private readonly gate: SendGate,
    private readonly ticker: DutyTicker,
  ) {}

  /** Resolves when the lane may take the next batch. */
  run(batch: OpenBatch): Promise<void> {
    return new Promise((freeLane) => {
      const finished = this.sendAll(batch, freeLane)
        .catch((error: unknown) => {
          this.logger.warn({ msg: 'a batch was left early', batchId: batch.id, error: String(error) });
          return LEFT_OVER_DELAY;
        })
        .then((delay) => {
          freeLane();
          return this.finish(batch, delay);
        })
        .finally(() => this.finishing.delete(finished));
      this.finishing.add(finished);
    });
  }

  /** Sends one message of a batch that was leased for probing; undefined when there was none to send. */
  async probe(batch: OpenBatch): Promise<Probe | undefined> {
    try {
      batch.ungranted.add(pickOne(await this.leases.findWaiting(batch)));
      const granted =
        batch.ungranted.size > 0 ? await this.granter.grantNext(batch, 1, () => true) : undefined;
      const [message] = granted?.messages ?? [];
      const outcome = message && (await this.sender.sendNow(message));
      return outcome && { outcome, wasUnsuspected: message.suspicions === 0 };
    } finally {
      await this.finish(batch, 0);
    }
  }

  /** Lets go of what was granted and has not started; see {@link MessageSender.drop}. */
  dropUnsent(): void {
    this.sender.drop();
  }

  /** Resolves when every batch that was run has been given back. */
  async finished(): Promise<void> {
    while (this.finishing.size > 0) await Promise.all(this.finishing);
  }

  /** Resolves when nothing more will be granted, with the milliseconds until what is left is due again. */
  private async sendAll(batch: OpenBatch, freeLane: () => void): Promise<number> {
    batch.ungranted.add(await this.leases.findWaiting(batch));
    const turnEndsAt = performance.now() + SHORTEST_TURN + Math.random() * (LONGEST_TURN - SHORTEST_TURN);
    while (!batch.hasUnsent && this.mayGrant(batch)) {
      if (batch.ungranted.size === 0) {
        if (batch.isSettled) break;
        freeLane();
        await batch.news.wait(LONGEST_WAIT);
        continue;
      }
      const granted = await this.grantWithinRoom(batch);
      if (!granted) break;
      this.sender.send(granted.messages);
      if (granted.askAgainAt === undefined) continue;
      if (batch.limitedBy === 'mailing' && granted.shortOf !== 'provider') {
        batch.aside = true;
        freeLane();
      }
      if (performance.now() > turnEndsAt && (!batch.aside || this.leases.crowded)) return 0;
      await batch.news.wait(granted.askAgainAt - performance.now());
    }
    return LEFT_OVER_DELAY;
  }

  /** `askAgainAt` is there when it is no use to ask for more at once. */
  private async grantWithinRoom(
    batch: OpenBatch,
  ): Promise<(Omit<GrantedSlice, 'askAgainAt'> & { askAgainAt: number | undefined }) | undefined> {
    const most = this.nextSliceSize(batch);
    if (most < 1) return { messages: [], shortOf: null, askAgainAt: performance.now() + ROOM_WAIT };
    // The grant itself may find that there is no limit any more.
    const asked = batch.limitedBy === null ? 0 : most;
    this.asked += asked;
    try {
      const granted = await this.granter.grantNext(batch, most, () => this.mayGrant(batch));
      if (!granted) return undefined;
      batch.slotsFound = granted.messages.length;
      const now = performance.now();
      const askAgainAt = Math.min(Math.max(granted.askAgainAt, now + SHORTEST_WAIT), now + LONGEST_WAIT);
      return { ...granted, askAgainAt: granted.shortOf === null ? undefined : askAgainAt };
    } finally {
      this.asked -= asked;
    }
  }

  /** With a limit, about as many as may find a slot: places under the cap are not kept from the others. */
  private nextSliceSize(batch: OpenBatch): number {
    const { sliceSize } = this.granter;
    if (batch.limitedBy === null) return sliceSize;
    const room = this.sender.slotRoom - this.asked;
    return Math.min(sliceSize, 2 * batch.slotsFound + 1, batch.isSettled ? Math.max(room, 1) : room);
  }

  private mayGrant(batch: OpenBatch): boolean {
    return this.gate.refusal(batch) === undefined;
  }

  private async finish(batch: OpenBatch, delayMs: number): Promise<void> {
    this.sender.handBack(batch.stopGranting());
    await batch.drained;
    const state = await this.giveBack(batch, delayMs);
    this.logger.log({
      msg: 'batch',
      batchId: batch.id,
      mailingId: batch.mailingId,
      state,
      ...batch.tally,
    });
  }

  /**
   * Tries until Postgres takes it, or the lease is over and the batch is anybody's. Nobody spins over one that may
   * not be sent anyhow; a probe may be waiting for it.
   */
  private async giveBack(batch: OpenBatch, delayMs: number): Promise<string> {
    const refusal = this.gate.refusal(batch);
    const maySpin = refusal !== 'stopping' && refusal !== 'stopped' && refusal !== 'breaker open';
    while (performance.now() < batch.leaseDeadline) {
      try {
        const state = await this.leases.release(batch, maySpin ? delayMs : 0);
        if (state === 'ready' && refusal === 'breaker open') this.ticker.nudge('provider-prober');
        return state;
      } catch (error) {
        this.logger.warn({ msg: 'a batch waits for its release', batchId: batch.id, error: String(error) });
        await wait(RELEASE_PAUSE);
      }
    }
    this.leases.abandon(batch);
    return 'lost';
  }
}

/** One of those with the fewest suspicious answers, by chance: its neighbours in a list may share their trouble. */
function pickOne(waiting: readonly WaitingMessage[]): WaitingMessage[] {
  const fewest = Math.min(...waiting.map(({ suspicions }) => suspicions));
  const candidates = waiting.filter(({ suspicions }) => suspicions === fewest);
  const picked = candidates[Math.floor(Math.random() * candidates.length)];
  return picked ? [picked] : [];
}
