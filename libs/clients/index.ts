export {
  BATCH_LIMIT,
  ClientBatchItemDto,
  ClientBatchResultDto,
  CreateClientBatchDto,
} from './client-batch.dto.js';
export { ClientDto, ClientPageDto, ClientsQuery, CreateClientDto, UpdateClientDto } from './client.dto.js';
export { ClientBatches } from './client-batches.js';
export { ClientStore } from './client-store.js';
export { ClientsModule } from './clients.module.js';
export { ClientsService } from './clients.service.js';
export { PhoneRefusal } from './phone-characters.js';
export { type CountryCode, isCountry, operatorCodeOf, parsePhone, readPhone } from './phone-number.js';
