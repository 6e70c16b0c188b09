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
  @ApiOkResponse({ description: 'It does.', type: LiveDto })
  live(): LiveDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'Whether the process can do its work',
    description: 'Postgres answers and the schema is up to date. NATS or a provider being away is no reason.',
    security: [],
  })
  @ApiOkResponse({ description: 'It can.', type: HealthDto })
  @ApiServiceUnavailableResponse({ description: 'It can not, or it is stopping.', type: HealthDto })
  async ready(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) response: FastifyReply,
  ): Promise<object> {
    return answer(response, await this.health.ready(request));
  }

  @Get()
  @ApiOperation({
    summary: 'All that is looked at',
    description:
      'Postgres, the schema, the replica for lists and statistics if there is one, NATS, the stream of tickets, what is due, the breaker of each provider and the living dispatchers. Where the service has keys, a request without a valid one gets the `status` and the `class` of each part; with one it gets the details.',
    security: [],
  })
  @ApiOkResponse({ description: 'It works; `degraded` when a part needs a look.', type: HealthDto })
  @ApiServiceUnavailableResponse({ description: 'It can not work, or it is stopping.', type: HealthDto })
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
