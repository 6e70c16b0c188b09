import { ApiSchema, PartialType } from '@nestjs/swagger';
import {
  ChoiceField,
  IdField,
  InstantField,
  IntegerField,
  LocalTimeField,
  ObjectField,
  ObjectListField,
  PageQuery,
  rule,
  TextField,
  TextListField,
} from '#libs/payloads';
import { ambiguityPolicies, type AmbiguityPolicy } from './ambiguity-policy.js';
import { Audience } from './audience.js';
import { mailingStatuses, type MailingStatus } from './mailing-status.js';
import type { Mailing } from './mailing.entity.js';

@ApiSchema({
  name: 'LocalWindow',
  description:
    "The local window: the time of day, in each client's own time zone, in which messages may be sent.",
})
export class LocalWindow {
  @LocalTimeField({ description: 'The first minute of the window.', example: '09:00' })
  from!: string;

  @LocalTimeField({
    description:
      'The first minute after the window. If `to` is before `from`, the window ends on the next day.',
    example: '21:00',
  })
  @rule(
    'must differ from the beginning of the window',
    (to, args) => !(args && 'from' in args.object && args.object.from === to),
  )
  to!: string;
}

@ApiSchema({ description: 'A mailing to be added.' })
export class CreateMailingDto {
  @TextField({
    description: 'The text of every message, sent as it is.',
    example: 'The spring sale has begun.',
    max: 4_096,
  })
  text!: string;

  @ObjectField(() => Audience, {
    description: 'The clients who get the mailing.',
    leftOut: 'every client',
    optional: true,
  })
  audience?: Audience;

  @InstantField({
    description: 'When sending begins. If the time has passed, sending begins at once.',
    example: '2030-03-01T09:00:00+03:00',
  })
  startAt!: string;

  @InstantField({
    description: 'When sending ends for good: a time in the future and after `startAt`.',
    example: '2030-03-02T09:00:00+03:00',
  })
  endAt!: string;

  @ObjectField(() => LocalWindow, {
    description: 'The local window of each client; null for any time of day.',
    leftOut: 'any time of day',
    optional: true,
    nullable: true,
  })
  window?: LocalWindow | null;

  @ChoiceField({
    description:
      'What to do with a message in doubt: one that the provider may have accepted. `resend` retries the message under the same id. `hold` gives the message the status `unknown`, so that it is never sent twice.',
    leftOut: '`resend`',
    name: 'AmbiguityPolicy',
    of: ambiguityPolicies,
    example: 'resend',
    optional: true,
  })
  onAmbiguous?: AmbiguityPolicy;

  @IntegerField({
    description: 'The mailing with the higher priority goes first.',
    leftOut: '0',
    example: 0,
    optional: true,
    min: 0,
    max: 100,
  })
  priority?: number;

  @IntegerField({
    description:
      'The rate limit: the most messages a second, across all dispatchers; null for no limit. The rate limit of the provider applies as well.',
    leftOut: 'no limit',
    example: 100,
    optional: true,
    nullable: true,
    min: 1,
    max: 100_000,
  })
  rateLimit?: number | null;
}

/** Before it has started, everything can be changed; afterwards its end, its priority and its rate limit only. */
@ApiSchema({ description: 'The fields to change. Fields that are left out stay as they are.' })
export class UpdateMailingDto extends PartialType(CreateMailingDto, { skipNullProperties: false }) {}

@ApiSchema({ name: 'Mailing', description: 'A mailing.' })
export class MailingDto {
  @IdField({ description: 'The id of the mailing.', example: 1 })
  id!: number;

  @TextField({ description: 'The text of every message.', example: 'The spring sale has begun.', max: 4_096 })
  text!: string;

  @ObjectField(() => Audience, { description: 'The clients who get the mailing.' })
  audience!: Audience;

  @InstantField({ description: 'When sending begins.', example: '2030-03-01T06:00:00.000Z' })
  startAt!: string;

  @InstantField({ description: 'When sending ends for good.', example: '2030-03-02T06:00:00.000Z' })
  endAt!: string;

  @ObjectField(() => LocalWindow, {
    description: 'The local window of each client; null for any time of day.',
    nullable: true,
  })
  window!: LocalWindow | null;

  @ChoiceField({
    description: 'What to do with a message in doubt: one that the provider may have accepted.',
    name: 'AmbiguityPolicy',
    of: ambiguityPolicies,
    example: 'resend',
  })
  onAmbiguous!: AmbiguityPolicy;

  @IntegerField({
    description: 'The mailing with the higher priority goes first.',
    example: 0,
    min: 0,
    max: 100,
  })
  priority!: number;

  @IntegerField({
    description: 'The rate limit: the most messages a second, across all dispatchers; null for no limit.',
    example: null,
    nullable: true,
    min: 1,
    max: 100_000,
  })
  rateLimit!: number | null;

  @ChoiceField({
    description: 'The status of the mailing.',
    name: 'MailingStatus',
    of: mailingStatuses,
    example: 'scheduled',
  })
  status!: MailingStatus;

  @InstantField({ description: 'When the mailing was added.', example: '2030-02-27T12:00:00.000Z' })
  createdAt!: string;

  @InstantField({ description: 'When the mailing was last changed.', example: '2030-02-27T12:00:00.000Z' })
  updatedAt!: string;

  @InstantField({
    description: 'When sending began; null before that.',
    example: null,
    nullable: true,
  })
  startedAt!: string | null;

  @InstantField({
    description: 'When the mailing was completed, or when its cancellation was complete; null before that.',
    example: null,
    nullable: true,
  })
  finishedAt!: string | null;
}

@ApiSchema({ name: 'ControlledMailing', description: 'A mailing after a change that dispatchers confirm.' })
export class ControlledMailingDto extends MailingDto {
  @IntegerField({
    description: 'Requests of this mailing that were in flight when its dispatchers confirmed the change.',
    example: 0,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  })
  inFlight!: number;

  @TextListField({
    description:
      'Dispatchers that did not confirm within 3 seconds. Each of them stops when its lease ends at the latest (30 seconds by default).',
    example: [],
    maxItems: 1_000,
    max: 64,
  })
  unconfirmedDispatchers!: string[];
}

@ApiSchema({ name: 'MailingPage', description: 'A page of mailings, the newest first.' })
export class MailingPageDto {
  @ObjectListField(() => MailingDto, { description: 'The mailings of this page.' })
  items!: MailingDto[];

  @TextField({ description: 'The cursor of the next page; null on the last page.', nullable: true, max: 100 })
  nextCursor!: string | null;
}

/** Which mailings a list shows. */
export class MailingsQuery extends PageQuery {
  @ChoiceField({
    description: 'Mailings in this status.',
    name: 'MailingStatus',
    of: mailingStatuses,
    optional: true,
  })
  status?: MailingStatus;
}

/** The mailing as answers show it. */
export function toMailingDto(mailing: Mailing): MailingDto {
  const { windowFrom: from, windowTo: to } = mailing;
  return {
    id: mailing.id,
    text: mailing.text,
    audience: mailing.audience,
    startAt: mailing.startAt.toISOString(),
    endAt: mailing.endAt.toISOString(),
    // Postgres answers with seconds, which no window has.
    window: from === null || to === null ? null : { from: from.slice(0, 5), to: to.slice(0, 5) },
    onAmbiguous: mailing.onAmbiguous,
    priority: mailing.priority,
    rateLimit: mailing.rateLimit,
    status: mailing.status,
    createdAt: mailing.createdAt.toISOString(),
    updatedAt: mailing.updatedAt.toISOString(),
    startedAt: mailing.startedAt?.toISOString() ?? null,
    finishedAt: mailing.finishedAt?.toISOString() ?? null,
  };
}
