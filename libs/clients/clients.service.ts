import { Inject, Injectable } from '@nestjs/common';
import { Orm } from '#libs/database';
import { aliasesOf, Cursors, type Page } from '#libs/payloads';
import { Problem } from '#libs/problems';
import { explainClientRefusal } from './client-refusals.js';
import { type ClientFilter, ClientSearch } from './client-search.js';
import { ClientStore } from './client-store.js';
import {
  toClientDto,
  type ClientDto,
  type ClientsQuery,
  type CreateClientDto,
  type UpdateClientDto,
} from './client.dto.js';
import { Client } from './client.entity.js';
import { DEFAULT_COUNTRY, type DefaultCountry } from './default-country.js';
import { toNewClient, unique } from './new-client.js';
import { phoneOf } from './phone-field.js';
import { operatorCodeOf } from './phone-number.js';

/** Clients that are read at once. */
const PART = 51;

/** Recipients. What it is given has been validated; it throws a {@link Problem} for what can't be done. */
@Injectable()
export class ClientsService {
  private readonly cursors = new Cursors('clients');

  constructor(
    private readonly orm: Orm,
    private readonly store: ClientStore,
    private readonly search: ClientSearch,
    @Inject(DEFAULT_COUNTRY) private readonly country: DefaultCountry,
  ) {}

  /** Adds a client. A conflict when the phone is there already. */
  async create(dto: CreateClientDto): Promise<ClientDto> {
    return toClientDto(await this.store.insert(toNewClient(dto, this.country)).catch(explainClientRefusal));
  }

  /** Clients that match everything given, by id. */
  async list(query: ClientsQuery): Promise<Page<ClientDto>> {
    const after = this.cursors.read(query.cursor) ?? 0;
    const filter = {
      phone:
        query.phone === undefined ? undefined : phoneOf(query.phone, query.defaultCountry ?? this.country),
      tag: query.tag,
      operatorCode: query.operatorCode,
      timezones: query.timezone === undefined ? undefined : aliasesOf(query.timezone),
    };
    const rows = await this.inParts(filter, after, query.limit + 1);
    return this.cursors.page(rows, query.limit, ({ id }) => id, toClientDto);
  }

  async get(id: number): Promise<ClientDto> {
    const client = await this.store.find(id);
    if (!client) throw Problem.notFound('client', id);
    return toClientDto(client);
  }

  /** Changes what is given. A new phone gives a new operator code too, unless that is given as well. */
  async update(id: number, dto: UpdateClientDto): Promise<ClientDto> {
    return this.orm
      .transaction(async (manager) => {
        const client = await manager.findOne(Client, { where: { id }, lock: { mode: 'pessimistic_write' } });
        if (!client) throw Problem.notFound('client', id);
        const { phone, defaultCountry = this.country, tags, ...rest } = dto;
        if (phone !== undefined) {
          client.phone = phoneOf(phone, defaultCountry);
          client.operatorCode = operatorCodeOf(client.phone);
        }
        if (tags) client.tags = unique(tags);
        return toClientDto(await manager.save(Object.assign(client, rest)));
      })
      .catch(explainClientRefusal);
  }

  /** Deletes a client and cancels what it has not been sent yet. */
  async delete(id: number): Promise<void> {
    if (!(await this.store.delete(id))) throw Problem.notFound('client', id);
  }

  /** What Postgres answers is read at once: five hundred clients may have 8 MiB of attributes. */
  private async inParts(filter: ClientFilter, after: number, count: number): Promise<Client[]> {
    const rows: Client[] = [];
    for (let last = after; rows.length < count;) {
      const asked = Math.min(PART, count - rows.length);
      const part = await this.search.find(filter, last, asked);
      rows.push(...part);
      if (part.length < asked) break;
      last = part.at(-1)?.id ?? last;
    }
    return rows;
  }
}
