import { Injectable, Logger } from '@nestjs/common';
import { Sql } from '#libs/database';
import { finishMailings } from '#libs/queue/recover';
import type { Duty } from '../process/duty.js';

/** Finishes mailings in which nothing is open any more. */
@Injectable()
export class MailingFinisher implements Duty<{ finished: number }> {
  private readonly logger = new Logger(MailingFinisher.name);

  constructor(private readonly sql: Sql) {}

  async runOnce(): Promise<{ finished: number }> {
    const finished = await finishMailings(this.sql);
    for (const { id, status } of finished) {
      this.logger.log({ msg: 'mailing finished', mailingId: id, status });
    }
    return { finished: finished.length };
  }
}
