import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { MessageStatus } from '#libs/queue/transitions';
import { IdField, IntegerField, ObjectField, ObjectListField, TextField } from '#libs/payloads';

function CountField(description: string, example = 0): PropertyDecorator {
  return IntegerField({ description, example, min: 0, max: Number.MAX_SAFE_INTEGER });
}

@ApiSchema({ description: 'How many messages have each status.' })
export class MessageCounts implements Record<MessageStatus, number> {
  @CountField('To be sent, or to be retried.', 800)
  pending!: number;

  @CountField('Cancelled before they were sent, together with the mailing or the client.')
  cancelled!: number;

  @CountField('Not sent before the end of the mailing, or never inside the local window.')
  expired!: number;

  @CountField('Refused by the provider for good, or given up after too many attempts.')
  failed!: number;

  @CountField('In doubt: the provider may have accepted the message, and no further attempt follows.')
  unknown!: number;

  @CountField('Accepted by the provider.', 4_200)
  sent!: number;

  @CountField('Reported by the provider as not delivered.')
  undelivered!: number;

  @CountField('Reported by the provider as delivered.')
  delivered!: number;
}

@ApiSchema({ name: 'MailingStatistics', description: 'The counts of one mailing.' })
export class MailingStatisticsDto {
  @IdField({ description: 'The id of the mailing.', example: 1 })
  mailingId!: number;

  @CountField(
    'All messages of the mailing, whatever their status. The total grows until the mailing is planned.',
    5_000,
  )
  total!: number;

  @ObjectField(() => MessageCounts, { description: 'The messages of the mailing by status.' })
  byStatus!: MessageCounts;
}

@ApiSchema({ name: 'MailingStatisticsPage', description: 'A page of mailings, the newest first.' })
export class MailingStatisticsPageDto {
  @ObjectListField(() => MailingStatisticsDto, { description: 'The mailings of this page.' })
  items!: MailingStatisticsDto[];

  @TextField({ description: 'The cursor of the next page; null on the last page.', nullable: true, max: 100 })
  nextCursor!: string | null;
}

@ApiSchema({ name: 'Statistics', description: 'The counts of all mailings.' })
export class StatisticsDto {
  @CountField('All messages, whatever their status.', 5_000)
  total!: number;

  @ObjectField(() => MessageCounts, { description: 'All messages by status.' })
  byStatus!: MessageCounts;

  @ApiProperty({
    type: MailingStatisticsPageDto,
    description: 'The same counts for each mailing, the newest first.',
  })
  mailings!: MailingStatisticsPageDto;
}
