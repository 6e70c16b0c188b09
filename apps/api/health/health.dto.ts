import { ApiProperty, ApiSchema } from '@nestjs/swagger';

@ApiSchema({ name: 'Live', description: 'That the process serves requests.' })
export class LiveDto {
  @ApiProperty({ description: 'Always the same: a process that is not well does not answer.', enum: ['ok'] })
  status!: 'ok';
}

const part = { type: 'object', additionalProperties: { type: 'object' } } as const;

/** As `@nestjs/terminus` reports. */
@ApiSchema({ name: 'Health', description: 'The parts that were looked at.' })
export class HealthDto {
  @ApiProperty({
    description: 'The whole: `degraded` when a part needs a look, `error` when an essential one is down.',
    enum: ['ok', 'degraded', 'error', 'shutting_down'],
    example: 'ok',
  })
  status!: string;

  @ApiProperty({ ...part, description: 'The parts that work, some of them perhaps degraded.' })
  info!: Record<string, object>;

  @ApiProperty({ ...part, description: 'The parts that are down.' })
  error!: Record<string, object>;

  @ApiProperty({
    ...part,
    description: 'All parts by name, each with its `status`: `up`, `degraded` or `down`.',
    example: { postgres: { status: 'up', latencyMs: 0.8 }, nats: { status: 'up', server: '127.0.0.1:4222' } },
  })
  details!: Record<string, object>;
}
