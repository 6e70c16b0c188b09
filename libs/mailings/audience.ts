import { ApiSchema } from '@nestjs/swagger';
import { TagListField, TextListField, ZoneListField } from '#libs/payloads';

const MAX_VALUES = 1_000;

/** The filter over clients: inside a list any value matches, between lists all must; empty, it is everyone. */
@ApiSchema({
  description:
    'A filter over clients. A client must match every list that is given; in a list, one value is enough. A list that is left out filters nothing: `{}` is every client.',
})
export class Audience {
  @TextListField({
    description: 'Clients with one of these operator codes.',
    example: ['900', '901'],
    optional: true,
    minItems: 1,
    maxItems: MAX_VALUES,
    max: 16,
  })
  operatorCodes?: string[];

  @TagListField({
    description: 'Clients with at least one of these tags. Upper case and extra blanks make no difference.',
    example: ['vip'],
    optional: true,
    minItems: 1,
    maxItems: MAX_VALUES,
  })
  tags?: string[];

  @TagListField({
    description: 'Clients with none of these tags. Upper case and extra blanks make no difference.',
    example: ['unsubscribed'],
    optional: true,
    minItems: 1,
    maxItems: MAX_VALUES,
  })
  excludeTags?: string[];

  @ZoneListField({
    description: 'Clients in one of these time zones, whichever of the IANA names of a zone they have.',
    example: ['Europe/Moscow'],
    optional: true,
    minItems: 1,
    maxItems: MAX_VALUES,
  })
  timezones?: string[];
}
