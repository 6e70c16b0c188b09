import { MessagePattern } from '@nestjs/microservices';
import {
  ClientDto,
  ClientPageDto,
  ClientsQuery,
  ClientsService,
  CreateClientDto,
  UpdateClientDto,
} from '#libs/clients';
import { Fields, FieldsBesideId, Id, IdAmongFields } from '../nats/payload.js';
import { RequestReply } from '../nats/request-reply.js';

@RequestReply()
export class ClientsNatsController {
  constructor(private readonly clients: ClientsService) {}

  @MessagePattern('ems.clients.create')
  create(@Fields() dto: CreateClientDto): Promise<ClientDto> {
    return this.clients.create(dto);
  }

  @MessagePattern('ems.clients.get')
  get(@Id() id: number): Promise<ClientDto> {
    return this.clients.get(id);
  }

  @MessagePattern('ems.clients.update')
  update(@IdAmongFields() id: number, @FieldsBesideId() dto: UpdateClientDto): Promise<ClientDto> {
    return this.clients.update(id, dto);
  }

  @MessagePattern('ems.clients.delete')
  delete(@Id() id: number): Promise<void> {
    return this.clients.delete(id);
  }

  @MessagePattern('ems.clients.list')
  list(@Fields() query: ClientsQuery): Promise<ClientPageDto> {
    return this.clients.list(query);
  }
}
