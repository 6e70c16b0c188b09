import { ApiProperty } from '@nestjs/swagger';

export class LiveDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
}

const part = { type: 'object', additionalProperties: { type: 'object' } } as const;

/** As `@nestjs/terminus` reports. */
export class HealthDto {
  @ApiProperty({ enum: ['ok', 'degraded', 'error', 'shutting_down'] })
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
