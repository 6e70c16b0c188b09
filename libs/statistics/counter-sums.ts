import { Injectable } from '@nestjs/common';
import { ReadSql, type Statement } from '#libs/database';
import { messageStatuses } from '#libs/queue/transitions';
import type { MessageCounts } from './statistics.dto.js';

export type MailingCounts = MessageCounts & { mailingId: number };

/** The counters of mailing 0 are the sums over all mailings. */
const ALL_MAILINGS = 0;

const sums = messageStatuses.map((status) => `coalesce(sum(c.${status}), 0)::bigint AS ${status}`).join(', ');

const ofMailing: Statement = {
  name: 'sum-counters-of-mailing',
  text: `
    SELECT g.id AS "mailingId", ${sums}
    FROM mailings g LEFT JOIN mailing_counters c ON c.mailing_id = g.id
    WHERE g.id = $1 AND g.deleted_at IS NULL
    GROUP BY g.id`,
};

/**
 * The grand total and the mailings are of one moment, as one statement reads one snapshot. Mailing by mailing, since a
 * plan for any number of them would read the counters of all that ever were.
 */
const totalAndMailings: Statement = {
  name: 'sum-counters-by-mailing',
  text: `
    SELECT g.id AS "mailingId", own.*
    FROM (
      SELECT ${ALL_MAILINGS}::bigint AS id
      UNION ALL
      (SELECT id FROM mailings WHERE deleted_at IS NULL AND id < $1 ORDER BY id DESC LIMIT $2)
    ) AS g
    CROSS JOIN LATERAL (SELECT ${sums} FROM mailing_counters c WHERE c.mailing_id = g.id) AS own
    ORDER BY g.id = ${ALL_MAILINGS} DESC, g.id DESC`,
};

/** Sums of at most 16 counters a mailing: exact at any moment, and as fast for ten million messages as for ten. */
@Injectable()
export class CounterSums {
  constructor(private readonly sql: ReadSql) {}

  async ofMailing(mailingId: number): Promise<MailingCounts | undefined> {
    return (await this.sql.find<MailingCounts>(ofMailing, [mailingId]))[0];
  }

  /** All mailings together, and the next `count` of them before the id `before`, the newest first. */
  async totalAndMailings(
    before: number,
    count: number,
  ): Promise<{ total: MessageCounts; mailings: MailingCounts[] }> {
    const [all, ...mailings] = await this.sql.query<MailingCounts>(totalAndMailings, [before, count]);
    if (!all) throw new Error('A sum without GROUP BY gave no row');
    const { mailingId: _, ...total } = all;
    return { total, mailings };
  }
}
