import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { problemKindNames, problemType } from './problem-kinds.js';

/** One thing that is wrong with one field. */
@ApiSchema({ description: 'One error in one field.' })
export class FieldError {
  @ApiProperty({
    description: 'The field, such as `audience.tags[0]`; empty for the payload as a whole.',
    example: 'audience.tags[0]',
  })
  path!: string;

  @ApiProperty({
    description: 'What is wrong with the field. `path` and `message` together read as a sentence.',
    example: 'must be a string of 1 to 64 characters',
  })
  message!: string;
}

/** An error as RFC 9457 has it, over HTTP and over NATS alike. */
@ApiSchema({ name: 'Problem', description: 'An error as RFC 9457 has it.' })
export class ProblemDocument {
  @ApiProperty({
    description: 'The kind of problem: a stable name to tell problems apart.',
    enum: problemKindNames.map(problemType),
    enumName: 'ProblemType',
    example: 'urn:event-message-service:problem:invalid-input',
  })
  type!: string;

  @ApiProperty({
    description: 'The kind of problem in words, the same for every problem of the kind.',
    example: 'The input is invalid',
  })
  title!: string;

  @ApiProperty({ type: 'integer', minimum: 400, maximum: 599, description: 'The HTTP status.', example: 400 })
  status!: number;

  @ApiProperty({
    description: 'What went wrong with this request.',
    example: 'audience.tags[0] must be a string of 1 to 64 characters.',
  })
  detail!: string;

  @ApiPropertyOptional({
    description: 'The path, or the NATS subject, of the request.',
    example: '/v1/mailings',
  })
  instance?: string;

  @ApiPropertyOptional({
    description: 'The id of the request, to find it in the logs.',
    example: '6f9c2f4e-6f0b-4a53-9a0e-3f3f6f1c2b1a',
  })
  requestId?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 86_400,
    description: 'Wait this many seconds before you retry.',
    example: 1,
  })
  retryAfterSeconds?: number;

  @ApiPropertyOptional({ type: [FieldError], description: 'One entry for each wrong field.' })
  errors?: FieldError[];
}
