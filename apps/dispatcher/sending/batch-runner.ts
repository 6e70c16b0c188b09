import { setTimeout as wait } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import type { WaitingMessage } from '#libs/messages';
import type { Outcome } from '#libs/provider';
import { DISPATCHER_CONFIG } from '../dispatcher-config.js';
import { LeaseHolder } from './lease-holder.js';
import { MessageSender } from './message-sender.js';
import type { GrantedMessage, OpenBatch } from './open-batch.js';
import { SendGate } from './send-gate.js';
import { UnrecordedCap } from './unrecorded-cap.js';

/** Milliseconds until what was left unsent is due again, so that nobody spins over an unreachable provider. */
const LEFT_OVER_DELAY = 1_000;
const RELEASE_PAUSE = 250;

/**
 * Takes one leased batch through grant, send and release. A batch whose last answers are slow is finished on
 * the side, so that a hanging provider does not keep the lane from the next batch.
 */
@Injectable()
export class BatchRunner {
  private readonly logger = new Logger(BatchRunner.name);
  private readonly finishing = new Set<Promise<void>>();

  constructor(
    @Inject(DISPATCHER_CONFIG) private readonly config: DispatcherConfig,
    private readonly leases: LeaseHolder,
    private readonly sender: MessageSender,
    private readonly gate: SendGate,
    private readonly cap: UnrecordedCap,
  ) {}

  /** Resolves when everything that may be sent of the batch has been handed to the sender. */
  async run(batch: OpenBatch): Promise<void> {
    try {
      const waiting = await this.leases.findWaiting(batch);
      const size = Math.min(this.config.grantSize, this.cap.size);
      for (let from = 0; from < waiting.length && !batch.hasLeft; from += size) {
        const granted = await this.grant(batch, waiting.slice(from, from + size));
        if (!granted) break;
        this.sender.send(granted);
      }
    } catch (error) {
      this.logger.warn({ msg: 'a batch was left early', batchId: batch.id, error: String(error) });
    } finally {
      batch.stopGranting();
      const finished = this.finish(batch).finally(() => this.finishing.delete(finished));
      this.finishing.add(finished);
    }
  }

  /** Sends one message of a batch that was leased for probing; undefined when there was none to send. */
  async probe(batch: OpenBatch): Promise<Outcome | undefined> {
    try {
      const [first] = await this.leases.findWaiting(batch);
      const granted = first && (await this.grant(batch, [first]));
      const [message] = granted ?? [];
      return message && (await this.sender.sendNow(message));
    } finally {
      batch.stopGranting();
      await this.finish(batch);
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

  private async grant(
    batch: OpenBatch,
    slice: readonly WaitingMessage[],
  ): Promise<GrantedMessage[] | undefined> {
    await this.cap.acquire(slice.length);
    let granted: GrantedMessage[] | undefined;
    try {
      if (this.gate.refusal(batch) === undefined) granted = await this.leases.grant(batch, slice);
    } finally {
      this.cap.release(slice.length - (granted?.length ?? 0));
    }
    return granted;
  }

  private async finish(batch: OpenBatch): Promise<void> {
    await batch.drained;
    const state = await this.release(batch);
    this.logger.log({
      msg: 'batch',
      batchId: batch.id,
      mailingId: batch.mailingId,
      state,
      ...batch.tally,
    });
  }

  /** Tries until Postgres takes it, or the lease is over and the batch is anybody's. */
  private async release(batch: OpenBatch): Promise<string> {
    const unsent = this.gate.stopping || this.gate.refusal(batch) === 'stopped' ? 0 : LEFT_OVER_DELAY;
    while (performance.now() < batch.leaseDeadline) {
      try {
        return await this.leases.release(batch, unsent);
      } catch (error) {
        this.logger.warn({ msg: 'a batch waits for its release', batchId: batch.id, error: String(error) });
        await wait(RELEASE_PAUSE);
      }
    }
    this.leases.abandon(batch);
    return 'lost';
  }
}
