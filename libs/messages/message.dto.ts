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
  @IdField({ description: 'The id of the message. The provider gets the same id.', example: 1 })
  id!: number;

  @IdField({ description: 'The id of the mailing.', example: 1 })
  mailingId!: number;

  @IdField({ description: 'The id of the client, who may have been deleted since.', example: 1 })
  clientId!: number;

  @PatternField({
    description:
      'The phone that the message is sent to: the phone that the client had when the mailing began.',
    example: '79001234567',
    pattern: /^[1-9]\d{0,14}$/,
    form: 'digits',
  })
  phone!: string;

  @ChoiceField({
    description: 'The status of the message.',
    name: 'MessageStatus',
    of: messageStatuses,
    example: 'sent',
  })
  status!: MessageStatus;

  @IntegerField({
    description:
      'How many attempts there were: requests to the provider that count, and decisions of a person.',
    example: 1,
    min: 0,
    max: 32_767,
  })
  attempts!: number;

  @InstantField({ description: 'When the message was planned.', example: '2030-03-01T06:00:00.120Z' })
  createdAt!: string;

  @InstantField({
    description: 'When the message is due, while it is pending; otherwise null.',
    example: null,
    nullable: true,
  })
  nextAttemptAt!: string | null;

  @InstantField({
    description: 'When the provider accepted the message; otherwise null.',
    example: '2030-03-01T06:00:01.480Z',
    nullable: true,
  })
  sentAt!: string | null;

  @TextField({
    description:
      'Why the message is not sent, or not yet: its last error, or why the circuit breaker is not closed.',
    example: null,
    nullable: true,
    max: 1_000,
  })
  lastError!: string | null;
}

@ApiSchema({
  name: 'Attempt',
  description:
    'One request to the provider that failed or is in doubt, or a decision of a person about earlier requests.',
})
export class AttemptDto {
  @IntegerField({ description: 'The number of the attempt, from 1.', example: 1, min: 1, max: 32_767 })
  number!: number;

  @InstantField({ description: 'The time of the attempt.', example: '2030-03-01T06:00:00.480Z' })
  at!: string;

  @ChoiceField({
    description: `The result of the attempt. ${attemptOutcomesInWords}`,
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
    description: 'What the provider or the network answered, or what the person decided.',
    example: 'HTTP 500: internal error',
    nullable: true,
    max: 1_000,
  })
  error!: string | null;

  @IntegerField({
    description: 'The duration of the request, in milliseconds.',
    example: 41,
    nullable: true,
    min: 0,
    max: 2_147_483_647,
  })
  latencyMs!: number | null;

  @TextField({
    description: 'The dispatcher that sent the request; null for a decision.',
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
      'The attempts that did not succeed, the first one first. The message itself shows a success. Requests that do not count as attempts, such as probes, are listed only if they end the message.',
  })
  attemptLog!: AttemptDto[];
}

@ApiSchema({ name: 'MessagePage', description: 'A page of messages.' })
export class MessagePageDto {
  @ObjectListField(() => MessageDto, {
    description: 'The messages of this page: at most `limit`, perhaps none.',
  })
  items!: MessageDto[];

  @TextField({ description: 'The cursor of the next page; null on the last page.', nullable: true, max: 100 })
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
