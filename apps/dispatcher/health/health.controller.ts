import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
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
  async ready(@Res({ passthrough: true }) response: FastifyReply): Promise<object> {
    const { code, body } = await this.health.ready();
    response.code(code);
    return body;
  }

  @Get()
  async details(@Res({ passthrough: true }) response: FastifyReply): Promise<object> {
    const { code, body } = await this.health.details();
    response.code(code);
    return body;
  }
}
