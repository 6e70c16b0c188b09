import { Injectable } from '@nestjs/common';
import { Sql } from '#libs/database';
import { purgeExpiredKeys } from '#libs/idempotency';
import type { Duty } from '../process/duty.js';

/** Removes the idempotency keys whose time is over, a page at a time. */
@Injectable()
export class ExpiredKeyPurger implements Duty<{ purged: number }> {
  constructor(private readonly sql: Sql) {}

  async runOnce(): Promise<{ purged: number }> {
    return { purged: await purgeExpiredKeys(this.sql) };
  }
}
