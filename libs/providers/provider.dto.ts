import { ApiSchema } from '@nestjs/swagger';
import { type BreakerState, breakerStates } from '#libs/providers/breaker';
import {
  ChoiceField,
  IdField,
  InstantField,
  IntegerField,
  ObjectField,
  ObjectListField,
  TextField,
} from '#libs/payloads';

const A_YEAR = 31_536_000;

@ApiSchema({ description: 'The fields to change. Fields that are left out stay as they are.' })
export class UpdateProviderDto {
  @IntegerField({
    description:
      'The rate limit: the most messages a second, across all mailings and dispatchers; null for no limit.',
    example: 500,
    optional: true,
    nullable: true,
    min: 1,
    max: 100_000,
  })
  rateLimit?: number | null;

  @IntegerField({
    description:
      "The provider's deduplication window, in seconds: for how long the provider recognises a message's id. Within the window, a message in doubt is retried under its id, and is not accepted twice. Null: the window never ends.",
    example: 86_400,
    optional: true,
    nullable: true,
    min: 1,
    max: A_YEAR,
  })
  keyLifetimeSeconds?: number | null;
}

@ApiSchema({
  name: 'ProviderBreaker',
  description: 'The circuit breaker: whether messages are sent to the provider.',
})
export class ProviderBreakerDto {
  @ChoiceField({
    description:
      '`closed`: messages are sent. `open`: no messages are sent; `reason` says why. `half_open`: one message is being sent as a probe.',
    name: 'BreakerState',
    of: breakerStates,
    example: 'closed',
  })
  state!: BreakerState;

  @TextField({
    description: 'Why the breaker is not closed; null when it is closed.',
    example: null,
    nullable: true,
    max: 1_000,
  })
  reason!: string | null;

  @InstantField({
    description: 'When the breaker opened; null when it is closed.',
    example: null,
    nullable: true,
  })
  openedAt!: string | null;

  @InstantField({
    description:
      'When the next probe is due: one message that shows whether the provider works again. Null when the breaker is closed.',
    example: null,
    nullable: true,
  })
  retryAt!: string | null;
}

@ApiSchema({ name: 'Provider', description: 'A sending service.' })
export class ProviderDto {
  @IdField({ description: 'The id of the provider.', example: 1 })
  id!: number;

  @TextField({ description: 'The name of the provider.', example: 'default', max: 100 })
  name!: string;

  @IntegerField({
    description:
      'The rate limit: the most messages a second, across all mailings and dispatchers; null for no limit.',
    example: null,
    nullable: true,
    min: 1,
    max: 100_000,
  })
  rateLimit!: number | null;

  @IntegerField({
    description:
      "The provider's deduplication window, in seconds: for how long the provider recognises a message's id. Null: the window never ends.",
    example: 86_400,
    nullable: true,
    min: 1,
    max: A_YEAR,
  })
  keyLifetimeSeconds!: number | null;

  @ObjectField(() => ProviderBreakerDto, { description: 'The circuit breaker of the provider.' })
  breaker!: ProviderBreakerDto;
}

@ApiSchema({ name: 'ProviderPage', description: 'A page of providers, ordered by id.' })
export class ProviderPageDto {
  @ObjectListField(() => ProviderDto, { description: 'The providers of this page.' })
  items!: ProviderDto[];

  @TextField({ description: 'The cursor of the next page; null on the last page.', nullable: true, max: 100 })
  nextCursor!: string | null;
}
