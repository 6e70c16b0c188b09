import type { NewClient } from './client-store.js';
import type { CreateClientDto } from './client.dto.js';
import type { DefaultCountry } from './default-country.js';
import { phoneOf } from './phone-field.js';
import { operatorCodeOf } from './phone-number.js';

/**
 * The row of a client that has been validated; its own country goes before the given one. Throws a `Problem` for a
 * phone that is none of the country.
 */
export function toNewClient(dto: CreateClientDto, country: DefaultCountry): NewClient {
  const phone = phoneOf(dto.phone, dto.defaultCountry ?? country);
  return {
    phone,
    operatorCode: dto.operatorCode === undefined ? operatorCodeOf(phone) : dto.operatorCode,
    tags: unique(dto.tags ?? []),
    timezone: dto.timezone,
    attributes: dto.attributes ?? {},
  };
}

export function unique(tags: readonly string[]): string[] {
  return [...new Set(tags)];
}
