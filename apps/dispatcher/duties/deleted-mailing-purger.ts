import { Injectable } from '@nestjs/common';
import { Sql } from '#libs/database';
import { purgeDeletedMailings } from '#libs/queue/recover';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';
import type { Duty } from '../process/duty.js';

/** Removes what deleted mailings left behind, a page at a time. */
@Injectable()
export class DeletedMailingPurger implements Duty<{ purged: number }> {
  constructor(
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
  ) {}

  async runOnce(): Promise<{ purged: number }> {
    return { purged: await purgeDeletedMailings(this.sql, this.identity.shard) };
  }
}
