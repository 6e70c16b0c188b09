import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { FastifyReply } from 'fastify';

const scraped = '# HELP process_cpu_user_seconds_total Total user CPU time spent in seconds.\n';

@ApiTags('operations')
@Controller()
export class MetricsController extends PrometheusController {
  @Get()
  @ApiOperation({ summary: 'Show the metrics for Prometheus', security: [] })
  @ApiProduces('text/plain')
  @ApiOkResponse({
    description: 'The metrics of this process.',
    schema: { type: 'string', example: scraped },
  })
  override index(@Res({ passthrough: true }) response: FastifyReply): Promise<string> {
    return super.index(response);
  }
}
