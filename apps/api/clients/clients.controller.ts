import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  ClientBatches,
  ClientBatchResultDto,
  ClientDto,
  ClientPageDto,
  ClientsQuery,
  ClientsService,
  CreateClientBatchDto,
  CreateClientDto,
  UpdateClientDto,
} from '#libs/clients';
import { Operation } from '../http/operation.js';
import { Id } from '../http/payload-pipe.js';

@ApiTags('clients')
@Controller('v1/clients')
export class ClientsController {
  constructor(
    private readonly clients: ClientsService,
    private readonly batches: ClientBatches,
  ) {}

  @Post()
  @Operation({
    summary: 'Add a client',
    answer: { status: 201, description: 'The client.', type: ClientDto, location: '/v1/clients/1' },
    takesBody: true,
    problems: {
      conflict: 'A client with this phone exists already. `GET /v1/clients?phone=` finds that client.',
    },
  })
  create(@Body() dto: CreateClientDto): Promise<ClientDto> {
    return this.clients.create(dto);
  }

  @Post('batch')
  @Operation({
    summary: 'Add up to 1,000 clients',
    description:
      'Each client succeeds or fails on its own. The clients that can be added are added together. A body of more than 1 MiB or 50,000 values is refused as a whole: split the batch.',
    answer: { status: 200, description: 'A result for each client.', type: ClientBatchResultDto },
    takesBody: true,
  })
  createBatch(@Body() dto: CreateClientBatchDto): Promise<ClientBatchResultDto> {
    return this.batches.create(dto);
  }

  @Get()
  @Operation({
    summary: 'List clients',
    description: 'Ordered by id. A client must match every filter that is given.',
    answer: { status: 200, description: 'A page of clients.', type: ClientPageDto },
  })
  list(@Query() query: ClientsQuery): Promise<ClientPageDto> {
    return this.clients.list(query);
  }

  @Get(':id')
  @Operation({
    summary: 'Show a client',
    id: 'client',
    answer: { status: 200, description: 'The client.', type: ClientDto },
    problems: { 'not-found': 'There is no such client.' },
  })
  get(@Id() id: number): Promise<ClientDto> {
    return this.clients.get(id);
  }

  @Patch(':id')
  @Operation({
    summary: 'Change a client',
    description:
      'Fields that are left out stay as they are. A new phone also changes the operator code, unless the request gives one. Messages that are planned already keep their phone.',
    id: 'client',
    answer: { status: 200, description: 'The client as it is now.', type: ClientDto },
    takesBody: true,
    example: { of: UpdateClientDto, value: { tags: ['vip', 'spring'], timezone: 'Asia/Yekaterinburg' } },
    problems: {
      'not-found': 'There is no such client.',
      conflict: 'Another client has this phone.',
    },
  })
  update(@Id() id: number, @Body() dto: UpdateClientDto): Promise<ClientDto> {
    return this.clients.update(id, dto);
  }

  @Delete(':id')
  @Operation({
    summary: 'Delete a client',
    description:
      'The messages that the client has not been sent yet are cancelled. Past statistics do not change.',
    id: 'client',
    answer: { status: 204, description: 'The client is deleted.' },
    problems: { 'not-found': 'There is no such client.' },
  })
  delete(@Id() id: number): Promise<void> {
    return this.clients.delete(id);
  }
}
