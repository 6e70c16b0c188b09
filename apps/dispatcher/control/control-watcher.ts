import { Injectable } from '@nestjs/common';
import { Sql } from '#libs/database';
import { confirmControlChanges, findRecentControlChanges } from '#libs/messages';
import { DispatcherIdentity } from '../dispatcher-identity.js';
import type { Duty } from '../duties/duty.js';
import { LeaseHolder } from '../sending/lease-holder.js';
import { MessageSender } from '../sending/message-sender.js';
import { SendGate } from '../sending/send-gate.js';

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
    private readonly leases: LeaseHolder,
  ) {}

  async runOnce(): Promise<{ obeyed: number }> {
    const changes = await findRecentControlChanges(this.sql);
    for (const change of changes) this.gate.apply(change);
    const open = [...this.leases.openBatches].map((batch) => batch.mailingId);
    this.gate.forgetAllBut(new Set([...changes.map((change) => change.mailingId), ...open]));
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
}
