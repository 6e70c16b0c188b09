import { Injectable } from '@nestjs/common';
import { Sql } from '#libs/database';
import { type PlanLease, releasePlan } from '#libs/queue/plan';
import type { Duty } from '../process/duty.js';
import { PageWriter, type PlanningStep } from './page-writer.js';

/** Clients in one page: about 0.2 s of one short transaction. */
const PAGE_SIZE = 20_000;

interface Turn {
  lease: PlanLease;
  /** The last page could not be written. */
  failed: boolean;
}

/**
 * Turns what is left of the mailings that have begun into batches and messages, a page at a time. Higher priority
 * goes first; mailings of one priority take turns, so that a small one does not wait for a big one to be planned.
 */
@Injectable()
export class MailingPlanner implements Duty<PlanningStep> {
  /** One for each mailing at most, the next one first. */
  private turns: Turn[] = [];

  constructor(
    private readonly sql: Sql,
    private readonly pages: PageWriter,
  ) {}

  /** Takes over the rest of a mailing. One of which a page `failed` comes after all others: it delays none. */
  takeOver(lease: PlanLease, failed = false): void {
    // A lease that ran out while others had their turn is worth nothing any more.
    const own = this.turns.find((turn) => turn.lease.mailingId === lease.mailingId);
    if (own && own.lease.fence > lease.fence) return;
    const others = this.turns.filter((turn) => turn !== own);
    this.turns = [...others, { lease, failed }].toSorted(byRank);
  }

  async runOnce(): Promise<PlanningStep> {
    const lease = this.turns.shift()?.lease;
    if (!lease) return { more: false };
    try {
      const page = await this.pages.write(lease, PAGE_SIZE);
      if (!page.finished) this.takeOver(lease);
      return { page, more: this.turns.length > 0 };
    } catch (error) {
      this.takeOver(lease, true);
      throw error;
    }
  }

  /** Leaves the rest to the other dispatchers. */
  async stop(): Promise<void> {
    for (const { lease } of this.turns.splice(0)) await releasePlan(this.sql, lease);
  }
}

function byRank(one: Turn, other: Turn): number {
  return Number(one.failed) - Number(other.failed) || other.lease.priority - one.lease.priority;
}
