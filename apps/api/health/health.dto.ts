import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { type HealthClass, healthClasses } from '#libs/health';

@ApiSchema({ name: 'Live', description: 'That the process serves requests.' })
export class LiveDto {
  @ApiProperty({ description: 'Always the same: a process that is not well does not answer.', enum: ['ok'] })
  status!: 'ok';
}

const wholes = ['ok', 'degraded', 'error', 'shutting_down'] as const;
const states = ['up', 'degraded', 'down'] as const;

@ApiSchema({
  name: 'HealthPart',
  description: 'How one part is. Beside its status, each part tells of itself what there is to tell.',
})
export class HealthPartDto {
  @ApiProperty({ description: 'How it is.', enum: states, enumName: 'HealthPartStatus', example: 'up' })
  status!: (typeof states)[number];

  @ApiPropertyOptional({
    description: 'The kind of its trouble.',
    enum: healthClasses,
    enumName: 'HealthClass',
    example: 'unreachable',
  })
  class?: HealthClass;

  @ApiPropertyOptional({ description: 'One sentence, when not all is well.' })
  message?: string;
}

const parts = {
  type: 'object',
  additionalProperties: { $ref: getSchemaPath(HealthPartDto) },
} as const;

/** As `@nestjs/terminus` reports. */
@ApiExtraModels(HealthPartDto)
@ApiSchema({ name: 'Health', description: 'The parts that were looked at.' })
export class HealthDto {
  @ApiProperty({
    description: 'The whole: `degraded` when a part needs a look, `error` when an essential one is down.',
    enum: wholes,
    enumName: 'HealthStatus',
    example: 'ok',
  })
  status!: (typeof wholes)[number];

  @ApiProperty({ ...parts, description: 'The parts that work, some of them perhaps degraded.' })
  info!: Record<string, HealthPartDto>;

  @ApiProperty({ ...parts, description: 'The parts that are down.' })
  error!: Record<string, HealthPartDto>;

  @ApiProperty({
    ...parts,
    description:
      'All parts by name, each with its `status`: `up`, `degraded` or `down`, and the `class` of its trouble, if any. Further fields are for those with a key.',
    example: { postgres: { status: 'up', latencyMs: 0.8 }, nats: { status: 'up', server: '127.0.0.1:4222' } },
  })
  details!: Record<string, HealthPartDto>;
}
