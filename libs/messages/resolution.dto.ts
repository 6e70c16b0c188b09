import { ApiSchema } from '@nestjs/swagger';
import { ChoiceField, IdField, IntegerField, TextField } from '#libs/payloads';
import { type Resolution, resolutions } from './resolve-messages.js';

const choice = {
  description:
    '`sent`: the provider took it. `resend`: it is sent again, at once, even if that may be the second time. `failed`: the provider did not take it, and it is not sent again.',
  name: 'Resolution',
  of: resolutions,
  example: 'resend',
} as const;

@ApiSchema({ description: 'What is decided about a message that may have been sent.' })
export class ResolveMessageDto {
  @ChoiceField(choice)
  as!: Resolution;
}

@ApiSchema({ description: "What is decided about all of a mailing's messages that may have been sent." })
export class ResolveMessagesDto {
  @ChoiceField(choice)
  as!: Resolution;

  @TextField({
    description: 'The `nextCursor` of the answer before, to go on where it ended.',
    optional: true,
    max: 100,
  })
  cursor?: string;
}

@ApiSchema({ name: 'ResolvedMessages', description: 'How far the messages of a mailing were resolved.' })
export class ResolvedMessagesDto {
  @IdField({ description: 'The mailing.', example: 1 })
  mailingId!: number;

  @ChoiceField({ ...choice, description: 'What was decided.' })
  as!: Resolution;

  @IntegerField({
    description: 'How many messages this call has resolved.',
    example: 12,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  })
  resolved!: number;

  @TextField({
    description: 'Null when all were looked at; else call again with it as `cursor`.',
    example: null,
    nullable: true,
    max: 100,
  })
  nextCursor!: string | null;
}
