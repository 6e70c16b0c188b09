import { Injectable, Logger } from '@nestjs/common';
import { Sql } from '#libs/database';
import { leasePlan } from '#libs/queue/plan';
import type { Duty } from '../process/duty.js';
import { MailingPlanner } from './mailing-planner.js';
import { PageWriter, PLAN_LEASE, type PlanningStep } from './page-writer.js';

/** Clients in the first page of a lease: few, since nothing can be sent before they are written. */
const FIRST_PAGE_SIZE = 2_000;

/**
 * Takes mailings whose time has come and writes the first page of each, the most urgent one first. It does so beside
 * {@link MailingPlanner}, which has the rest: behind one of its pages, which may take half a second while others
 * send, a small urgent mailing would wait for longer than all of its sending takes.
 */
@Injectable()
export class MailingStarter implements Duty<PlanningStep> {
  private readonly logger = new Logger(MailingStarter.name);

  constructor(
    private readonly sql: Sql,
    private readonly pages: PageWriter,
    private readonly planner: MailingPlanner,
  ) {}

  async runOnce(): Promise<PlanningStep> {
    const lease = await leasePlan(this.sql, PLAN_LEASE);
    if (!lease) return { more: false };
    this.logger.log({ msg: 'planning begins', mailingId: lease.mailingId });
    try {
      const page = await this.pages.write(lease, FIRST_PAGE_SIZE);
      if (!page.finished) this.planner.takeOver(lease);
      return { page, more: true };
    } catch (error) {
      this.planner.takeOver(lease, true);
      throw error;
    }
  }
}
