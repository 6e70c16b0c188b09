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
  description: "The time of day, on each client's own clock, in which it may be sent to.",
})
export class LocalWindow {
  @LocalTimeField({ description: 'The first minute in which to send.', example: '09:00' })
  from!: string;

  @LocalTimeField({
    description: 'The first minute in which not to send any more. Before `from`, it is on the next day.',
    example: '21:00',
  })
  @rule(
    'must differ from the beginning of the window',
    (to, args) => !(args && 'from' in args.object && args.object.from === to),
  )
  to!: string;
}

@ApiSchema({ description: 'A mailing to be sent.' })
export class CreateMailingDto {
  @TextField({ description: 'What is sent, as it is.', example: 'The spring sale has begun.', max: 4_096 })
  text!: string;

  @ObjectField(() => Audience, {
    description: 'Who gets it.',
    leftOut: 'everyone',
    optional: true,
  })
  audience?: Audience;

  @InstantField({
    description: 'When sending begins; in the past, it begins at once.',
    example: '2030-03-01T09:00:00+03:00',
  })
  startAt!: string;

  @InstantField({
    description: 'When sending ends for good; in the future and after the start.',
    example: '2030-03-02T09:00:00+03:00',
  })
  endAt!: string;

  @ObjectField(() => LocalWindow, {
    description: 'When clients are sent to; null for any time of day.',
    leftOut: 'any time of day',
    optional: true,
    nullable: true,
  })
  window?: LocalWindow | null;

  @ChoiceField({
    description:
      'What becomes of a message of which it is not known whether the provider took it: `resend` tries it again under the same id, `hold` keeps it as `unknown`, so that it is never sent twice.',
    leftOut: '`resend`',
    name: 'AmbiguityPolicy',
    of: ambiguityPolicies,
    example: 'resend',
    optional: true,
  })
  onAmbiguous?: AmbiguityPolicy;

  @IntegerField({
    description: 'Higher goes first.',
    leftOut: '0',
    example: 0,
    optional: true,
    min: 0,
    max: 100,
  })
  priority?: number;

  @IntegerField({
    description:
      'The most messages a second, over all dispatchers; null for as fast as they go. The limit of the provider holds as well.',
    leftOut: 'as fast as they go',
    example: 100,
    optional: true,
    nullable: true,
    min: 1,
    max: 100_000,
  })
  rateLimit?: number | null;
}

/** Before it has started, everything can be changed; afterwards its end, its priority and its rate limit only. */
@ApiSchema({ description: 'What is to be changed; what is left out stays.' })
export class UpdateMailingDto extends PartialType(CreateMailingDto, { skipNullProperties: false }) {}

@ApiSchema({ name: 'Mailing', description: 'A mailing.' })
export class MailingDto {
  @IdField({ description: 'The id.', example: 1 })
  id!: number;

  @TextField({ description: 'What is sent.', example: 'The spring sale has begun.', max: 4_096 })
  text!: string;

  @ObjectField(() => Audience, { description: 'Who gets it.' })
  audience!: Audience;

  @InstantField({ description: 'When sending begins.', example: '2030-03-01T06:00:00.000Z' })
  startAt!: string;

  @InstantField({ description: 'When sending ends for good.', example: '2030-03-02T06:00:00.000Z' })
  endAt!: string;

  @ObjectField(() => LocalWindow, { description: 'Null when any time of day will do.', nullable: true })
  window!: LocalWindow | null;

  @ChoiceField({
    description: 'What becomes of a message of which it is not known whether the provider took it.',
    name: 'AmbiguityPolicy',
    of: ambiguityPolicies,
    example: 'resend',
  })
  onAmbiguous!: AmbiguityPolicy;

  @IntegerField({ description: 'Higher goes first.', example: 0, min: 0, max: 100 })
  priority!: number;

  @IntegerField({
    description: 'The most messages a second; null when as fast as they go.',
    example: null,
    nullable: true,
    min: 1,
    max: 100_000,
  })
  rateLimit!: number | null;

  @ChoiceField({
    description: 'Where it is.',
    name: 'MailingStatus',
    of: mailingStatuses,
    example: 'scheduled',
  })
  status!: MailingStatus;

  @InstantField({ description: 'When it was added.', example: '2030-02-27T12:00:00.000Z' })
  createdAt!: string;

  @InstantField({ description: 'When it was last changed.', example: '2030-02-27T12:00:00.000Z' })
  updatedAt!: string;

  @InstantField({
    description: 'When its sending began; null before.',
    example: null,
    nullable: true,
  })
  startedAt!: string | null;

  @InstantField({
    description: 'When it was completed, or cancelled and cleared up.',
    example: null,
    nullable: true,
  })
  finishedAt!: string | null;
}

@ApiSchema({ name: 'ControlledMailing', description: 'A mailing after a change that dispatchers confirm.' })
export class ControlledMailingDto extends MailingDto {
  @IntegerField({
    description: 'Requests of this mailing that were on the wire when its dispatchers stopped or took note.',
    example: 0,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  })
  inFlight!: number;

  @TextListField({
    description:
      'Dispatchers that did not confirm in 3 seconds. Each stops by the end of its lease at the latest (30 seconds by default).',
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

  @TextField({ description: 'For the next page; null on the last.', nullable: true, max: 100 })
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
