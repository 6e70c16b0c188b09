import { ApiProperty, ApiSchema, PartialType } from '@nestjs/swagger';
import {
  IdField,
  InstantField,
  JsonObjectField,
  ObjectListField,
  PageQuery,
  PatternField,
  TagField,
  TagListField,
  TextField,
  TextListField,
  treated,
  ZoneField,
} from '#libs/payloads';
import type { Client } from './client.entity.js';
import { CountryField } from './country-field.js';
import { PhoneField } from './phone-field.js';
import type { CountryCode } from './phone-number.js';

@ApiSchema({ description: 'A recipient to be added.' })
export class CreateClientDto {
  @PhoneField({
    description:
      'The phone number, with `+` or `00` and the country code. Blanks, dashes, dots and brackets between the digits are dropped. Without `+` or `00`, the number is read as one of the default country, if there is one. Without a default country, the number must be an international one that is in use. A JSON integer is read as an international number. No two clients have the same phone.',
  })
  phone!: string | number;

  @CountryField({
    description:
      'The country of a phone without a country code. The service uses the country to read the phone, and does not store it.',
    leftOut: 'the country of the batch, otherwise that of the service, if there is one',
  })
  defaultCountry?: CountryCode;

  @PatternField({
    description: 'The operator code; null if there is none.',
    leftOut: 'the second to fourth digit of a +7 number, otherwise null',
    example: '900',
    optional: true,
    nullable: true,
    pattern: /^[A-Za-z0-9-]{1,16}$/,
    form: '1 to 16 letters, digits or hyphens',
  })
  operatorCode?: string | null;

  @TagListField({
    description:
      'Tags are stored in lower case and NFC, without blanks at the ends, and with single blanks inside. A repeated tag is stored once.',
    example: ['vip', 'spring'],
    optional: true,
    maxItems: 50,
  })
  tags?: string[];

  @ZoneField({
    description: 'An Area/City name of the IANA time zones, or UTC. The name is stored as given.',
    example: 'Europe/Moscow',
  })
  timezone!: string;

  @JsonObjectField({
    description: 'Any other data: up to 100 fields, and 16 KiB as JSON. A PATCH replaces the whole object.',
    example: { name: 'Anna' },
    optional: true,
    maxBytes: 16_384,
    maxFields: 100,
  })
  attributes?: Record<string, unknown>;
}

/** A new phone gives a new operator code too, unless that is given as well. */
@ApiSchema({ description: 'The fields to change. Fields that are left out stay as they are.' })
export class UpdateClientDto extends PartialType(CreateClientDto, { skipNullProperties: false }) {}

@ApiSchema({ name: 'ClientRecord', description: 'A recipient.' })
export class ClientDto {
  @IdField({ description: 'The id of the client.', example: 1 })
  id!: number;

  @PatternField({
    description: 'The phone number in E.164, without the plus sign.',
    example: '79001234567',
    pattern: /^[1-9]\d{1,14}$/,
    form: 'digits',
  })
  phone!: string;

  @TextField({
    description: 'The operator code; null if there is none.',
    example: '900',
    nullable: true,
    max: 16,
  })
  operatorCode!: string | null;

  @TextListField({
    description: 'The tags, without repetition.',
    example: ['vip', 'spring'],
    maxItems: 50,
    max: 64,
  })
  tags!: string[];

  @TextField({ description: 'The IANA name of the time zone.', example: 'Europe/Moscow', max: 64 })
  timezone!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'Any other data.',
    example: { name: 'Anna' },
  })
  attributes!: Record<string, unknown>;

  @InstantField({ description: 'When the client was added.', example: '2030-03-01T06:00:00.000Z' })
  createdAt!: string;

  @InstantField({ description: 'When the client was last changed.', example: '2030-03-01T06:00:00.000Z' })
  updatedAt!: string;
}

@ApiSchema({ name: 'ClientPage', description: 'A page of clients, ordered by id.' })
export class ClientPageDto {
  @ObjectListField(() => ClientDto, { description: 'The clients of this page.' })
  items!: ClientDto[];

  @TextField({ description: 'The cursor of the next page; null on the last page.', nullable: true, max: 100 })
  nextCursor!: string | null;
}

/** Which clients a list shows: those that match everything given. */
export class ClientsQuery extends PageQuery {
  /** A plus sign that was not encoded arrives as a blank. */
  @treated({ convert: (value) => (typeof value === 'string' ? value.replace(/^ (?=\d)/, '+') : value) })
  @PhoneField({
    description: 'The client with this phone, in any form that a new client may have.',
    optional: true,
  })
  phone?: string | number;

  @CountryField({
    description:
      'The country of a phone without a country code. Default: the country of the service, if it has one.',
  })
  defaultCountry?: CountryCode;

  @TagField({ description: 'Clients with this tag.', example: 'vip', optional: true })
  tag?: string;

  @TextField({ description: 'Clients with this operator code.', example: '900', optional: true, max: 16 })
  operatorCode?: string;

  @ZoneField({
    description: 'Clients in this time zone, whichever of its IANA names they have.',
    example: 'Europe/Moscow',
    optional: true,
  })
  timezone?: string;
}

/** The client as answers show it. */
export function toClientDto(client: Client): ClientDto {
  return {
    id: client.id,
    phone: String(client.phone),
    operatorCode: client.operatorCode,
    tags: client.tags,
    timezone: client.timezone,
    attributes: client.attributes,
    createdAt: client.createdAt.toISOString(),
    updatedAt: client.updatedAt.toISOString(),
  };
}
