import { ApiSchema } from '@nestjs/swagger';
import { maskWords } from '#libs/masking';
import {
  ChoiceField,
  IdField,
  InstantField,
  IntegerField,
  ObjectListField,
  PageQuery,
  PatternField,
  TextField,
} from '#libs/payloads';
import { type AttemptOutcome, attemptOutcomes, attemptOutcomesInWords } from '#libs/queue/record';
import { type MessageStatus, messageStatuses } from '#libs/queue/transitions';

@ApiSchema({ name: 'Message', description: "One client's copy of one mailing." })
export class MessageDto {
  @IdField({ description: 'The id, which is also the one the provider gets.', example: 1 })
  id!: number;

  @IdField({ description: 'The mailing.', example: 1 })
  mailingId!: number;

  @IdField({ description: 'The client, which may have been deleted since.', example: 1 })
  clientId!: number;

  @PatternField({
    description: 'The phone it is sent to: the one the client had when the mailing began.',
    example: '79001234567',
    pattern: /^[1-9]\d{0,14}$/,
    form: 'digits',
  })
  phone!: string;

  @ChoiceField({ description: 'Where it is.', name: 'MessageStatus', of: messageStatuses, example: 'sent' })
  status!: MessageStatus;

  @IntegerField({
    description: 'Requests to the provider that count, and decisions about them.',
    example: 1,
    min: 0,
    max: 32_767,
  })
  attempts!: number;

  @InstantField({ description: 'When it was planned.', example: '2030-03-01T06:00:00.120Z' })
  createdAt!: string;

  @InstantField({
    description: 'When it is due, while it is pending; else null.',
    example: null,
    nullable: true,
  })
  nextAttemptAt!: string | null;

  @InstantField({
    description: 'When the provider accepted it; else null.',
    example: '2030-03-01T06:00:01.480Z',
    nullable: true,
  })
  sentAt!: string | null;

  @TextField({
    description:
      'Why it is not sent, or not yet: what it was answered last, or why sending to everybody is stopped.',
    example: null,
    nullable: true,
    max: 1_000,
  })
  lastError!: string | null;
}

@ApiSchema({
  name: 'Attempt',
  description:
    'One request to the provider that did not succeed, or may not have; or what a person decided about those before.',
})
export class AttemptDto {
  @IntegerField({ description: 'Which one, from 1.', example: 1, min: 1, max: 32_767 })
  number!: number;

  @InstantField({ description: 'When.', example: '2030-03-01T06:00:00.480Z' })
  at!: string;

  @ChoiceField({
    description: `What came of it. ${attemptOutcomesInWords}`,
    name: 'AttemptOutcome',
    of: attemptOutcomes,
    example: 'ambiguous',
  })
  outcome!: AttemptOutcome;

  @IntegerField({
    description: 'The HTTP status; null when no answer came.',
    example: 500,
    nullable: true,
    min: 100,
    max: 599,
  })
  httpStatus!: number | null;

  @TextField({
    description: 'What the provider, or the network, said; or what was decided.',
    example: 'HTTP 500: internal error',
    nullable: true,
    max: 1_000,
  })
  error!: string | null;

  @IntegerField({ description: 'Milliseconds.', example: 41, nullable: true, min: 0, max: 2_147_483_647 })
  latencyMs!: number | null;

  @TextField({
    description: 'The dispatcher that sent it; null for a decision.',
    example: '4a1c3a52-5f0e-4bfb-8a5e-0a3c7a0a8d0e',
    nullable: true,
    max: 64,
  })
  dispatcher!: string | null;
}

@ApiSchema({ name: 'MessageWithAttempts', description: 'A message with the log of its attempts.' })
export class MessageWithAttemptsDto extends MessageDto {
  @ObjectListField(() => AttemptDto, {
    description:
      'Its attempts that failed, the first one first; a success is on the message itself. What counts as no attempt is not listed, such as a probe of a provider that is down, unless it ends the message.',
  })
  attemptLog!: AttemptDto[];
}

@ApiSchema({ name: 'MessagePage', description: 'A page of messages.' })
export class MessagePageDto {
  @ObjectListField(() => MessageDto, {
    description: 'The messages of this page: at most as many as were asked for, perhaps none.',
  })
  items!: MessageDto[];

  @TextField({ description: 'For the next page; null on the last.', nullable: true, max: 100 })
  nextCursor!: string | null;
}

/** Which messages of a mailing a list shows. */
export class MessagesQuery extends PageQuery {
  @ChoiceField({
    description: 'Messages in this status.',
    name: 'MessageStatus',
    of: messageStatuses,
    optional: true,
  })
  status?: MessageStatus;
}

/** A message as the database has it, with the due time of its batch. */
export interface MessageRow {
  id: number;
  mailingId: number;
  clientId: number;
  phone: number;
  status: MessageStatus;
  attempts: number;
  createdAt: Date;
  dueAt: Date | null;
  sentAt: Date | null;
  lastError: string | null;
}

/** The message as answers show it. */
export function toMessageDto({ dueAt, ...row }: MessageRow): MessageDto {
  return {
    id: row.id,
    mailingId: row.mailingId,
    clientId: row.clientId,
    phone: String(row.phone),
    status: row.status,
    attempts: row.attempts,
    createdAt: row.createdAt.toISOString(),
    nextAttemptAt: row.status === 'pending' ? (dueAt?.toISOString() ?? null) : null,
    sentAt: row.sentAt?.toISOString() ?? null,
    // Rows of earlier versions have the provider's words as they came.
    lastError: row.lastError === null ? null : maskWords(row.lastError),
  };
}
