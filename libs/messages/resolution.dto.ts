import { ApiSchema } from '@nestjs/swagger';
import { ChoiceField, IdField, IntegerField, TextField } from '#libs/payloads';
import { type Resolution, resolutions } from './resolve-messages.js';

const choice = {
  description:
    '`sent`: the provider accepted the message. `resend`: the message is sent again at once, even if the client may then get it twice. `failed`: the provider did not accept the message, and it is not sent again.',
  name: 'Resolution',
  of: resolutions,
  example: 'resend',
} as const;

@ApiSchema({ description: 'The decision about a message that may have been sent.' })
export class ResolveMessageDto {
  @ChoiceField(choice)
  as!: Resolution;
}

@ApiSchema({ description: 'The decision about all messages of a mailing that may have been sent.' })
export class ResolveMessagesDto {
  @ChoiceField(choice)
  as!: Resolution;

  @TextField({
    description: 'The `nextCursor` of the previous answer, to go on where that answer ended.',
    optional: true,
    max: 100,
  })
  cursor?: string;
}

@ApiSchema({
  name: 'ResolvedMessages',
  description: 'How many messages of a mailing were resolved, and whether there are more.',
})
export class ResolvedMessagesDto {
  @IdField({ description: 'The id of the mailing.', example: 1 })
  mailingId!: number;

  @ChoiceField({ ...choice, description: 'The decision.' })
  as!: Resolution;

  @IntegerField({
    description: 'How many messages this call resolved.',
    example: 12,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  })
  resolved!: number;

  @TextField({
    description:
      'Null when the call has reached the last message. Otherwise repeat the call with this value as `cursor`.',
    example: null,
    nullable: true,
    max: 100,
  })
  nextCursor!: string | null;
}
