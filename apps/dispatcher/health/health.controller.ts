import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HealthService } from '#libs/health';

/** For whoever runs the process; the API's health speaks for the whole service. */
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  async ready(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) response: FastifyReply,
  ): Promise<object> {
    const { code, body } = await this.health.ready(request);
    response.code(code);
    return body;
  }

  @Get()
  async details(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) response: FastifyReply,
  ): Promise<object> {
    const { code, body } = await this.health.details(request);
    response.code(code);
    return body;
  }
}
