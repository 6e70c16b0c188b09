import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PageQuery } from '#libs/payloads';
import { MailingStatisticsDto, StatisticsDto, StatisticsService } from '#libs/statistics';
import { Operation } from '../http/operation.js';
import { Id } from '../http/payload-pipe.js';

@ApiTags('statistics')
@Controller('v1')
export class StatisticsController {
  constructor(private readonly statistics: StatisticsService) {}

  @Get('statistics')
  @Operation({
    summary: 'Count messages by status, in total and for each mailing',
    description:
      'The counts are exact at any moment, with one exception: the total includes a deleted mailing until its messages are removed. `limit` and `cursor` page through the mailings, the newest first.',
    answer: { status: 200, description: 'The counts.', type: StatisticsDto },
  })
  get(@Query() query: PageQuery): Promise<StatisticsDto> {
    return this.statistics.get(query);
  }

  @Get('mailings/:id/statistics')
  @Operation({
    summary: "Count a mailing's messages by status",
    description: 'The counts are exact at any moment.',
    id: 'mailing',
    answer: { status: 200, description: 'The counts.', type: MailingStatisticsDto },
    problems: { 'not-found': 'There is no such mailing.' },
  })
  ofMailing(@Id() id: number): Promise<MailingStatisticsDto> {
    return this.statistics.ofMailing(id);
  }
}
