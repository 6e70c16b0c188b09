import { MessagePattern } from '@nestjs/microservices';
import { PageQuery } from '#libs/payloads';
import { MailingStatisticsDto, StatisticsDto, StatisticsService } from '#libs/statistics';
import { Fields, Id } from '../nats/payload.js';
import { RequestReply } from '../nats/request-reply.js';

@RequestReply()
export class StatisticsNatsController {
  constructor(private readonly statistics: StatisticsService) {}

  @MessagePattern('ems.statistics.get')
  get(@Fields() query: PageQuery): Promise<StatisticsDto> {
    return this.statistics.get(query);
  }

  @MessagePattern('ems.statistics.mailing')
  ofMailing(@Id() id: number): Promise<MailingStatisticsDto> {
    return this.statistics.ofMailing(id);
  }
}
