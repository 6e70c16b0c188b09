import { Injectable } from '@nestjs/common';
import { messageStatuses } from '#libs/queue/transitions';
import { Cursors, type PageQuery } from '#libs/payloads';
import { Problem } from '#libs/problems';
import { CounterSums, type MailingCounts } from './counter-sums.js';
import type { MessageCounts, MailingStatisticsDto, StatisticsDto } from './statistics.dto.js';

/** How many messages are in each status. Throws a {@link Problem} for a mailing that is not there. */
@Injectable()
export class StatisticsService {
  private readonly cursors = new Cursors('statistics');

  constructor(private readonly sums: CounterSums) {}

  /** Over all mailings, and a page of the mailings. */
  async get(query: PageQuery): Promise<StatisticsDto> {
    const before = this.cursors.read(query.cursor) ?? Number.MAX_SAFE_INTEGER;
    const { total, mailings } = await this.sums.totalAndMailings(before, query.limit + 1);
    const page = this.cursors.page(mailings, query.limit, ({ mailingId }) => mailingId, toMailingStatistics);
    return { total: sumOf(total), byStatus: total, mailings: page };
  }

  async ofMailing(mailingId: number): Promise<MailingStatisticsDto> {
    const counts = await this.sums.ofMailing(mailingId);
    if (!counts) throw Problem.notFound('mailing', mailingId);
    return toMailingStatistics(counts);
  }
}

function toMailingStatistics({ mailingId, ...byStatus }: MailingCounts): MailingStatisticsDto {
  return { mailingId, total: sumOf(byStatus), byStatus };
}

function sumOf(byStatus: MessageCounts): number {
  return messageStatuses.reduce((sum, status) => sum + byStatus[status], 0);
}
