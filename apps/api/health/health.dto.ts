import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { type HealthClass, healthClasses } from '#libs/health';

@ApiSchema({ name: 'Live', description: 'That the process serves requests.' })
export class LiveDto {
  @ApiProperty({
    description: 'Always `ok`: a process that cannot serve requests does not answer.',
    enum: ['ok'],
  })
  status!: 'ok';
}

const wholes = ['ok', 'degraded', 'error', 'shutting_down'] as const;
const states = ['up', 'degraded', 'down'] as const;

@ApiSchema({
  name: 'HealthPart',
  description: 'The state of one part. Besides `status`, each part may have fields of its own.',
})
export class HealthPartDto {
  @ApiProperty({
    description: 'The state of the part.',
    enum: states,
    enumName: 'HealthPartStatus',
    example: 'up',
  })
  status!: (typeof states)[number];

  @ApiPropertyOptional({
    description: 'The kind of fault, if there is one.',
    enum: healthClasses,
    enumName: 'HealthClass',
    example: 'unreachable',
  })
  class?: HealthClass;

  @ApiPropertyOptional({ description: 'One sentence about what is wrong, if anything is.' })
  message?: string;
}

const parts = {
  type: 'object',
  additionalProperties: { $ref: getSchemaPath(HealthPartDto) },
} as const;

/** As `@nestjs/terminus` reports. */
@ApiExtraModels(HealthPartDto)
@ApiSchema({ name: 'Health', description: 'The parts that were checked.' })
export class HealthDto {
  @ApiProperty({
    description:
      'The state of the whole: `degraded` when a part needs attention, `error` when an essential part is down.',
    enum: wholes,
    enumName: 'HealthStatus',
    example: 'ok',
  })
  status!: (typeof wholes)[number];

  @ApiProperty({ ...parts, description: 'The parts that work, degraded ones included.' })
  info!: Record<string, HealthPartDto>;

  @ApiProperty({ ...parts, description: 'The parts that are down.' })
  error!: Record<string, HealthPartDto>;

  @ApiProperty({
    ...parts,
    description:
      'All parts by name, each with its `status` (`up`, `degraded` or `down`) and the `class` of its fault, if there is one. Where the service has API keys, only a request with a valid key gets further fields.',
    example: { postgres: { status: 'up', latencyMs: 0.8 }, nats: { status: 'up', server: '127.0.0.1:4222' } },
  })
  details!: Record<string, HealthPartDto>;
}
