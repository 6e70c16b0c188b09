import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClientBatchStore } from './client-batch-store.js';
import { ClientBatches } from './client-batches.js';
import { ClientSearch } from './client-search.js';
import { ClientStore } from './client-store.js';
import { Client } from './client.entity.js';
import { ClientsService } from './clients.service.js';
import { DEFAULT_COUNTRY, type DefaultCountry } from './default-country.js';

@Module({
  imports: [TypeOrmModule.forFeature([Client])],
  providers: [ClientsService, ClientStore, ClientSearch, ClientBatches, ClientBatchStore],
  exports: [ClientsService, ClientBatches],
})
export class ClientsModule {
  /** `defaultCountry` is where phones without a country code belong. */
  static forRoot({ defaultCountry }: { defaultCountry: DefaultCountry }): DynamicModule {
    return {
      module: ClientsModule,
      providers: [{ provide: DEFAULT_COUNTRY, useValue: defaultCountry }],
    };
  }
}
