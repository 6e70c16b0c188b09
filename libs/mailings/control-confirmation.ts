import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { afterCommitted, requireNoJointTransaction, Sql, type Statement } from '#libs/database';
import { ControlBus, controlSubjects, type MailingChanged, type MailingConfirmed } from '#libs/nats';

export interface Confirmation {
  /** Requests of the mailing that were on the wire, over all dispatchers that confirmed. */
  inFlight: number;
  /** Living dispatchers that did not confirm in time; each stops by its lease's deadline. */
  unconfirmedDispatchers: string[];
}

/** Milliseconds in which every dispatcher should have confirmed; one without NATS takes up to 2,000. */
const PATIENCE = 3_000;
const POLL_EVERY = 100;

/**
 * Dispatchers that may still send of the mailing, with the confirmation that they wrote down, if they did:
 * those that live, and those that hold a lease on it, living or not.
 */
const living: Statement = {
  name: 'dispatchers-to-confirm',
  text: `
    WITH dispatcher AS (
      SELECT id FROM dispatchers WHERE heartbeat_at > (SELECT ems_now()) - interval '10 seconds'
      UNION
      SELECT owner FROM batches
      WHERE mailing_id = $1 AND state <> 'done' AND state = 'leased' AND lease_until > (SELECT ems_now())
    )
    SELECT d.id, c.version, c.in_flight AS "inFlight"
    FROM dispatcher d
    LEFT JOIN control_confirmations c ON c.dispatcher_id = d.id AND c.mailing_id = $1`,
};

interface LivingDispatcher {
  id: string;
  /** Of its row, if it wrote one. */
  version: number | null;
  inFlight: number;
}

/** Waits until every living dispatcher has taken note of a change that is committed, over NATS or by its row. */
@Injectable()
export class ControlConfirmation {
  constructor(
    private readonly sql: Sql,
    private readonly bus: ControlBus,
  ) {}

  /** Takes three seconds at most; whoever is silent then is named. */
  async confirm(changed: MailingChanged): Promise<Confirmation> {
    requireNoJointTransaction();
    const until = performance.now() + PATIENCE;
    const confirmed = new Map<string, number>();
    const note = (id: string, version: number, inFlight: number): void => {
      if (version >= changed.version) confirmed.set(id, inFlight);
    };
    // Rows of an earlier request for the same change would tell what was in flight then: replies come first.
    const first = await afterCommitted(() => this.findLiving(changed.mailingId));
    let awaited = first.map(({ id }) => id);
    const missing = () => awaited.filter((id) => !confirmed.has(id));

    const heardFromAll = new Promise<void>((resolve) => {
      const enough = (replies: readonly MailingConfirmed[]): boolean => {
        for (const reply of replies) note(reply.dispatcherId, reply.version, reply.inFlight);
        if (missing().length > 0) return false;
        resolve();
        return true;
      };
      void this.bus.ask<MailingConfirmed>(controlSubjects.mailing, changed, { timeoutMs: PATIENCE, enough });
    });
    while (missing().length > 0 && performance.now() < until) {
      await Promise.race([heardFromAll, delay(POLL_EVERY)]);
      if (missing().length === 0) break;
      // The change is committed, so a database that is away now costs the confirmation, not the answer.
      const rows = await this.findLiving(changed.mailingId).catch(() => undefined);
      if (!rows) continue;
      for (const row of rows)
        if (row.version !== null && !confirmed.has(row.id)) note(row.id, row.version, row.inFlight);
      awaited = awaited.filter((id) => rows.some((row) => row.id === id));
    }
    return {
      inFlight: [...confirmed.values()].reduce((sum, inFlight) => sum + inFlight, 0),
      unconfirmedDispatchers: missing(),
    };
  }

  private findLiving(mailingId: number): Promise<LivingDispatcher[]> {
    return this.sql.query(living, [mailingId]);
  }
}
