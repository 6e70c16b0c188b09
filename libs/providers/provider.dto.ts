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

@ApiSchema({ description: 'What is to be changed; what is left out stays.' })
export class UpdateProviderDto {
  @IntegerField({
    description:
      'The most messages a second, over all mailings and dispatchers; null for as fast as they go.',
    example: 500,
    optional: true,
    nullable: true,
    min: 1,
    max: 100_000,
  })
  rateLimit?: number | null;

  @IntegerField({
    description:
      'How long the provider knows the id of a message again, in seconds: as long as that, one that may have been accepted is sent again under its id without being taken twice. Null for ever.',
    example: 86_400,
    optional: true,
    nullable: true,
    min: 1,
    max: A_YEAR,
  })
  keyLifetimeSeconds?: number | null;
}

@ApiSchema({ name: 'ProviderBreaker', description: 'Whether the provider is sent to.' })
export class ProviderBreakerDto {
  @ChoiceField({
    description:
      'Closed: it is. Open: it is not, since it could not be reached or failed. Half open: one message is being sent to see.',
    name: 'BreakerState',
    of: breakerStates,
    example: 'closed',
  })
  state!: BreakerState;

  @TextField({
    description: 'Why it is not closed; null when it is.',
    example: null,
    nullable: true,
    max: 1_000,
  })
  reason!: string | null;

  @InstantField({ description: 'When it opened; null when it is closed.', example: null, nullable: true })
  openedAt!: string | null;

  @InstantField({
    description: 'When one message is sent next to see whether the provider is back; null when it is closed.',
    example: null,
    nullable: true,
  })
  retryAt!: string | null;
}

@ApiSchema({ name: 'Provider', description: 'A sending service.' })
export class ProviderDto {
  @IdField({ description: 'The id.', example: 1 })
  id!: number;

  @TextField({ description: 'Its name.', example: 'default', max: 100 })
  name!: string;

  @IntegerField({
    description: 'The most messages a second; null when as fast as they go.',
    example: null,
    nullable: true,
    min: 1,
    max: 100_000,
  })
  rateLimit!: number | null;

  @IntegerField({
    description: 'How long it knows the id of a message again, in seconds; null for ever.',
    example: 86_400,
    nullable: true,
    min: 1,
    max: A_YEAR,
  })
  keyLifetimeSeconds!: number | null;

  @ObjectField(() => ProviderBreakerDto, { description: 'Whether it is sent to.' })
  breaker!: ProviderBreakerDto;
}

@ApiSchema({ name: 'ProviderPage', description: 'A page of providers, by their ids.' })
export class ProviderPageDto {
  @ObjectListField(() => ProviderDto, { description: 'The providers of this page.' })
  items!: ProviderDto[];

  @TextField({ description: 'For the next page; null on the last.', nullable: true, max: 100 })
  nextCursor!: string | null;
}
