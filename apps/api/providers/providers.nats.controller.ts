import { MessagePattern } from '@nestjs/microservices';
import { PageQuery } from '#libs/payloads';
import { ProviderDto, ProviderPageDto, ProvidersService, UpdateProviderDto } from '#libs/providers';
import { Fields, FieldsBesideId, Id, IdAmongFields } from '../nats/payload.js';
import { RequestReply } from '../nats/request-reply.js';

@RequestReply()
export class ProvidersNatsController {
  constructor(private readonly providers: ProvidersService) {}

  @MessagePattern('ems.providers.list')
  list(@Fields() query: PageQuery): Promise<ProviderPageDto> {
    return this.providers.list(query);
  }

  @MessagePattern('ems.providers.get')
  get(@Id() id: number): Promise<ProviderDto> {
    return this.providers.get(id);
  }

  @MessagePattern('ems.providers.update')
  update(@IdAmongFields() id: number, @FieldsBesideId() dto: UpdateProviderDto): Promise<ProviderDto> {
    return this.providers.update(id, dto);
  }
}
