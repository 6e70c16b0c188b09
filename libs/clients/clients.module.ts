import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClientSearch } from './client-search.js';
import { ClientStore } from './client-store.js';
import { Client } from './client.entity.js';
import { ClientsService } from './clients.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Client])],
  providers: [ClientsService, ClientStore, ClientSearch],
  exports: [ClientsService],
})
export class ClientsModule {}
