import { Module } from '@nestjs/common';
import { ProviderStore } from './provider-store.js';
import { ProvidersService } from './providers.service.js';

@Module({
  providers: [ProvidersService, ProviderStore],
  exports: [ProvidersService],
})
export class ProvidersModule {}
