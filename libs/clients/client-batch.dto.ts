import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { rule, treated } from '#libs/payloads';
import { Problem, ProblemDocument } from '#libs/problems';
import { ClientDto, CreateClientDto } from './client.dto.js';
import { CountryField } from './country-field.js';
import type { CountryCode } from './phone-number.js';

/** How many clients one batch may have. */
export const BATCH_LIMIT = 1_000;

@ApiSchema({ description: 'Clients to be added together. Each client succeeds or fails on its own.' })
export class CreateClientBatchDto {
  @ApiProperty({
    type: 'array',
    minItems: 1,
    maxItems: BATCH_LIMIT,
    items: { $ref: getSchemaPath(CreateClientDto) },
    description: 'The clients.',
    example: [{ phone: '+7 (900) 123-45-67', timezone: 'Europe/Moscow' }],
  })
  // Each item is validated on its own, so that a wrong one does not keep the others out.
  @rule(
    `must be a list of 1 to ${BATCH_LIMIT} clients`,
    (value) => Array.isArray(value) && value.length >= 1 && value.length <= BATCH_LIMIT,
  )
  @treated({ itemsApart: true })
  items!: unknown[];

  @CountryField({
    description:
      'The country of phones without a country code. The `defaultCountry` of an item takes precedence.',
    leftOut: 'the country of the service, if it has one',
  })
  defaultCountry?: CountryCode;
}

@ApiSchema({ name: 'ClientBatchItem', description: 'The result of one item.' })
export class ClientBatchItemDto {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    maximum: BATCH_LIMIT - 1,
    description: 'The position of the item in the request, from 0.',
    example: 0,
  })
  index!: number;

  @ApiProperty({
    enum: ['created', 'error'],
    enumName: 'ClientBatchItemStatus',
    description: 'Whether the client was created.',
  })
  status!: 'created' | 'error';

  @ApiPropertyOptional({ type: ClientDto, description: 'The client, if it was created.' })
  client?: ClientDto;

  @ApiPropertyOptional({
    type: ProblemDocument,
    description: 'Why the client was not created, if it was not.',
  })
  error?: ProblemDocument;
}

const exampleItems = [
  {
    index: 0,
    status: 'created',
    client: {
      id: 1,
      phone: '79001234567',
      operatorCode: '900',
      tags: [],
      timezone: 'Europe/Moscow',
      attributes: {},
      createdAt: '2030-03-01T06:00:00.000Z',
      updatedAt: '2030-03-01T06:00:00.000Z',
    },
  },
  {
    index: 1,
    status: 'error',
    error: Problem.invalid([{ path: 'timezone', message: 'is missing' }]).toDocument(),
  },
];

@ApiSchema({ name: 'ClientBatchResult', description: 'One result for each item, in the order of the items.' })
export class ClientBatchResultDto {
  @ApiProperty({
    type: [ClientBatchItemDto],
    description: 'One result for each item, in the order of the items.',
    example: exampleItems,
  })
  items!: ClientBatchItemDto[];
}
