import { Injectable } from '@nestjs/common';
import { Sql } from '#libs/database';
import {
  confirmControlChanges,
  type ControlChange,
  findControlChanges,
  findRecentControlChanges,
} from '#libs/queue/watch';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';
import type { Duty } from '../process/duty.js';
import { MessageSender } from '../send/message-sender.js';
import { SendGate } from '../send/send-gate.js';
import { LeaseKeeper } from '../take/lease-keeper.js';

/**
 * Reads pauses, cancellations and changed ends from Postgres, obeys them and confirms by a row: the way that
 * works without NATS, within half a second.
 */
@Injectable()
export class ControlWatcher implements Duty<{ obeyed: number }> {
  private readonly confirmed = new Map<number, number>();

  constructor(
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly gate: SendGate,
    private readonly sender: MessageSender,
    private readonly leases: LeaseKeeper,
  ) {}

  async runOnce(): Promise<{ obeyed: number }> {
    const changes = await findRecentControlChanges(this.sql);
    for (const change of changes) this.gate.apply(change);
    const recent = new Set(changes.map((change) => change.mailingId));
    const lasting = [...this.openMailings()].filter((id) => !recent.has(id) && this.gate.knows(id));
    for (const change of await this.findUnheard(lasting)) this.gate.apply(change);
    // The open ones of now: a batch may have been taken meanwhile, and its pause been heard.
    this.gate.forgetAllBut(new Set([...recent, ...this.openMailings()]));
    const fresh = changes.filter(({ mailingId, version }) => (this.confirmed.get(mailingId) ?? 0) < version);
    if (fresh.length === 0) return { obeyed: 0 };
    this.sender.drop();
    await confirmControlChanges(
      this.sql,
      this.identity.id,
      fresh.map(({ mailingId, version }) => ({
        mailingId,
        version,
        inFlight: this.sender.countInFlight(mailingId),
      })),
    );
    this.confirmed.clear();
    for (const { mailingId, version } of changes) this.confirmed.set(mailingId, version);
    return { obeyed: fresh.length };
  }

  private openMailings(): Set<number> {
    return new Set([...this.leases.openBatches].map((batch) => batch.mailingId));
  }

  /**
   * What is so now of mailings whose changes are remembered beyond their minute: while Postgres was away, a later change
   * may have grown as old.
   */
  private async findUnheard(mailingIds: readonly number[]): Promise<ControlChange[]> {
    return mailingIds.length === 0 ? [] : findControlChanges(this.sql, mailingIds);
  }
}
