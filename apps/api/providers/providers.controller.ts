import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PageQuery } from '#libs/payloads';
import { ProviderDto, ProviderPageDto, ProvidersService, UpdateProviderDto } from '#libs/providers';
import { Operation } from '../http/operation.js';
import { Id } from '../http/payload-pipe.js';

const notFound = { 'not-found': 'There is no such provider.' };

@ApiTags('providers')
@Controller('v1/providers')
export class ProvidersController {
  constructor(private readonly providers: ProvidersService) {}

  @Get()
  @Operation({
    summary: 'List providers',
    description: 'Ordered by id.',
    answer: { status: 200, description: 'A page of providers.', type: ProviderPageDto },
  })
  list(@Query() query: PageQuery): Promise<ProviderPageDto> {
    return this.providers.list(query);
  }

  @Get(':id')
  @Operation({
    summary: 'Show a provider',
    id: 'provider',
    answer: { status: 200, description: 'The provider.', type: ProviderDto },
    problems: notFound,
  })
  get(@Id() id: number): Promise<ProviderDto> {
    return this.providers.get(id);
  }

  @Patch(':id')
  @Operation({
    summary: "Change a provider's rate limit and deduplication window",
    description:
      'Fields that are left out stay as they are. A new rate limit applies within a second, across all dispatchers.',
    id: 'provider',
    answer: { status: 200, description: 'The provider as it is now.', type: ProviderDto },
    takesBody: true,
    problems: notFound,
  })
  update(@Id() id: number, @Body() dto: UpdateProviderDto): Promise<ProviderDto> {
    return this.providers.update(id, dto);
  }
}
