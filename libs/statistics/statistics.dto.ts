import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { MessageStatus } from '#libs/queue/transitions';
import { IdField, IntegerField, ObjectField, ObjectListField, TextField } from '#libs/payloads';

function CountField(description: string, example = 0): PropertyDecorator {
  return IntegerField({ description, example, min: 0, max: Number.MAX_SAFE_INTEGER });
}

@ApiSchema({ description: 'How many messages are in each status.' })
export class MessageCounts implements Record<MessageStatus, number> {
  @CountField('Still to be sent, or to be tried again.', 800)
  pending!: number;

  @CountField('Cancelled before they were sent, with their mailing or their client.')
  cancelled!: number;

  @CountField('Not sent before the end, or never inside the window.')
  expired!: number;

  @CountField('Refused by the provider for good, or tried too often.')
  failed!: number;

  @CountField('Perhaps sent: an answer was lost, and no more attempt follows.')
  unknown!: number;

  @CountField('Accepted by the provider.', 4_200)
  sent!: number;

  @CountField('Reported by the provider as not delivered.')
  undelivered!: number;

  @CountField('Reported by the provider as delivered.')
  delivered!: number;
}

@ApiSchema({ name: 'MailingStatistics', description: 'How far a mailing is.' })
export class MailingStatisticsDto {
  @IdField({ description: 'The mailing.', example: 1 })
  mailingId!: number;

  @CountField('Its messages, whatever their status; grows until the mailing is planned.', 5_000)
  total!: number;

  @ObjectField(() => MessageCounts, { description: 'Its messages by status.' })
  byStatus!: MessageCounts;
}

@ApiSchema({ name: 'MailingStatisticsPage', description: 'A page of mailings, the newest first.' })
export class MailingStatisticsPageDto {
  @ObjectListField(() => MailingStatisticsDto, { description: 'The mailings of this page.' })
  items!: MailingStatisticsDto[];

  @TextField({ description: 'For the next page; null on the last.', nullable: true, max: 100 })
  nextCursor!: string | null;
}

@ApiSchema({ name: 'Statistics', description: 'How far everything is.' })
export class StatisticsDto {
  @CountField('All messages, whatever their status.', 5_000)
  total!: number;

  @ObjectField(() => MessageCounts, { description: 'All messages by status.' })
  byStatus!: MessageCounts;

  @ApiProperty({
    type: MailingStatisticsPageDto,
    description: 'The same for each mailing, the newest first.',
  })
  mailings!: MailingStatisticsPageDto;
}
