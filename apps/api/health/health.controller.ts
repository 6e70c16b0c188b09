import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type HealthReport, HealthService } from '#libs/health';
import { HealthDto, LiveDto } from './health.dto.js';

/**
 * Needs no key: it is for load balancers, containers and operators. Where the service has keys, details are for
 * those who send one, and wrong ones are counted.
 */
@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process serves requests', security: [] })
  @ApiOkResponse({ description: 'The process serves requests.', type: LiveDto })
  live(): LiveDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'Whether the process can do its work',
    description:
      'The process is ready when Postgres answers and the database schema is up to date. It is also ready while NATS or a provider is not reachable.',
    security: [],
  })
  @ApiOkResponse({ description: 'The process is ready.', type: HealthDto })
  @ApiServiceUnavailableResponse({
    description: 'The process is not ready, or is stopping.',
    type: HealthDto,
  })
  async ready(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) response: FastifyReply,
  ): Promise<object> {
    return answer(response, await this.health.ready(request));
  }

  @Get()
  @ApiOperation({
    summary: 'The health of each part',
    description:
      'The parts are Postgres, its schema, any replica of it, NATS, the stream of tickets, the due messages, the circuit breakers and the dispatchers. Where the service has API keys, a request without a valid key gets only the `status` and the `class` of each part. A request with a valid key gets the details.',
    security: [],
  })
  @ApiOkResponse({
    description: 'The service works; `degraded` when a part needs attention.',
    type: HealthDto,
  })
  @ApiServiceUnavailableResponse({ description: 'The service cannot work, or is stopping.', type: HealthDto })
  async details(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) response: FastifyReply,
  ): Promise<object> {
    return answer(response, await this.health.details(request));
  }
}

function answer(response: FastifyReply, { code, body }: HealthReport): object {
  response.code(code);
  return body;
}
