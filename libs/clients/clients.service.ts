import { Injectable, Logger } from '@nestjs/common';
import { Orm, sqlState } from '#libs/database';
import { Cursors, validatePayload, type Page } from '#libs/payloads';
import { Problem, toProblem } from '#libs/problems';
import type { ClientBatchItemDto, ClientBatchResultDto } from './client-batch.dto.js';
import { ClientSearch } from './client-search.js';
import { ClientStore, type BatchOutcome, type NewClient } from './client-store.js';
import {
  CreateClientDto,
  toClientDto,
  type ClientDto,
  type ClientsQuery,
  type UpdateClientDto,
} from './client.dto.js';
import { Client } from './client.entity.js';
import { operatorCodeOf, phoneOf } from './phone-number.js';

/** Recipients. What it is given has been validated; it throws a {@link Problem} for what can't be done. */
@Injectable()
export class ClientsService {
  private readonly logger = new Logger(ClientsService.name);
  private readonly cursors = new Cursors('clients');

  constructor(
    private readonly orm: Orm,
    private readonly store: ClientStore,
    private readonly search: ClientSearch,
  ) {}

  /** Adds a client. A conflict when the phone is there already. */
  async create(dto: CreateClientDto): Promise<ClientDto> {
    return toClientDto(await this.store.insert(toNewClient(dto)).catch(explain));
  }

  /** Adds up to a thousand clients; each succeeds or fails by itself. */
  async createBatch(items: readonly unknown[]): Promise<ClientBatchResultDto> {
    const results: ClientBatchItemDto[] = [];
    const valid: { index: number; client: NewClient }[] = [];
    for (const [index, item] of items.entries()) {
      try {
        valid.push({ index, client: toNewClient(validatePayload(CreateClientDto, item)) });
      } catch (error) {
        results.push({ index, status: 'error', error: toProblem(error) });
      }
    }
    const outcomes = valid.length > 0 ? await this.store.insertBatch(valid.map(({ client }) => client)) : [];
    results.push(...valid.map(({ index }, place) => toBatchItem(index, outcomes[place])));
    const clientIds = outcomes.flatMap((outcome) => (typeof outcome === 'string' ? [] : [outcome.id]));
    this.logger.debug({ msg: 'clients created', clientIds });
    return { items: results.toSorted((one, other) => one.index - other.index) };
  }

  /** Clients that match everything given, by id. */
  async list(query: ClientsQuery): Promise<Page<ClientDto>> {
    const after = this.cursors.read(query.cursor) ?? 0;
    const filter = {
      phone: query.phone === undefined ? undefined : phoneOf(query.phone),
      tag: query.tag,
      operatorCode: query.operatorCode,
      timezone: query.timezone,
    };
    const rows = await this.search.find(filter, after, query.limit + 1);
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
        const { phone, tags, ...rest } = dto;
        if (phone !== undefined) {
          client.phone = phoneOf(phone);
          client.operatorCode = operatorCodeOf(client.phone);
        }
        if (tags) client.tags = unique(tags);
        return toClientDto(await manager.save(Object.assign(client, rest)));
      })
      .catch(explain);
  }

  /** Deletes a client and cancels what it has not been sent yet. */
  async delete(id: number): Promise<void> {
    if (!(await this.store.delete(id))) throw Problem.notFound('client', id);
  }
}

function toNewClient(dto: CreateClientDto): NewClient {
  const phone = phoneOf(dto.phone);
  return {
    phone,
    operatorCode: dto.operatorCode === undefined ? operatorCodeOf(phone) : dto.operatorCode,
    tags: unique(dto.tags ?? []),
    timezone: dto.timezone,
    attributes: dto.attributes ?? {},
  };
}

function unique(tags: readonly string[]): string[] {
  return [...new Set(tags)];
}

function toBatchItem(index: number, outcome: BatchOutcome | undefined): ClientBatchItemDto {
  if (typeof outcome === 'object') return { index, status: 'created', client: toClientDto(outcome) };
  const problem = outcome === 'phone taken' ? phoneTaken() : zoneUnknown();
  return { index, status: 'error', error: problem.toDocument() };
}

function phoneTaken(): Problem {
  return Problem.conflict('There is a client with this phone already.', [
    { path: 'phone', message: 'belongs to another client' },
  ]);
}

function zoneUnknown(): Problem {
  return Problem.invalid([
    { path: 'timezone', message: 'must be an IANA time zone that the database knows' },
  ]);
}

/** Says by which rule of the table a row was refused. */
function explain(error: unknown): never {
  const constraint = error instanceof Error && 'constraint' in error ? error.constraint : undefined;
  if (sqlState(error) === '23505' && constraint === 'clients_phone_key') throw phoneTaken();
  if (sqlState(error) === '23503' && constraint === 'clients_timezone_fkey') throw zoneUnknown();
  throw error;
}
