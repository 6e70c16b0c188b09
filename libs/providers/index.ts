export { ProviderDto, ProviderPageDto, UpdateProviderDto } from './provider.dto.js';
export { ProvidersModule } from './providers.module.js';
export { ProvidersService } from './providers.service.js';
