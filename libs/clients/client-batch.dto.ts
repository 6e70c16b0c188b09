import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { rule, treated } from '#libs/payloads';
import { Problem, ProblemDocument } from '#libs/problems';
import { ClientDto, CreateClientDto } from './client.dto.js';
import { CountryField } from './country-field.js';
import type { CountryCode } from './phone-number.js';

/** How many clients one batch may have. */
export const BATCH_LIMIT = 1_000;

@ApiSchema({ description: 'Clients to be added together; each succeeds or fails by itself.' })
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
    description: 'The country of phones without a country code. That of an item goes before it.',
    leftOut: 'that of the service, if it has one',
  })
  defaultCountry?: CountryCode;
}

@ApiSchema({ name: 'ClientBatchItem', description: 'What became of one item.' })
export class ClientBatchItemDto {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    maximum: BATCH_LIMIT - 1,
    description: 'Its place in the request, from 0.',
    example: 0,
  })
  index!: number;

  @ApiProperty({
    enum: ['created', 'error'],
    enumName: 'ClientBatchItemStatus',
    description: 'What became of it.',
  })
  status!: 'created' | 'error';

  @ApiPropertyOptional({ type: ClientDto, description: 'The client, if it was created.' })
  client?: ClientDto;

  @ApiPropertyOptional({ type: ProblemDocument, description: 'Why not, if it was not.' })
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

@ApiSchema({ name: 'ClientBatchResult', description: 'A result for each item, in their order.' })
export class ClientBatchResultDto {
  @ApiProperty({
    type: [ClientBatchItemDto],
    description: 'A result for each item, in their order.',
    example: exampleItems,
  })
  items!: ClientBatchItemDto[];
}
