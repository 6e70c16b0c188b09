import { Injectable } from '@nestjs/common';
import { maskWords } from '#libs/masking';
import { Cursors, type Page, type PageQuery } from '#libs/payloads';
import { Problem } from '#libs/problems';
import type { ProviderDto, UpdateProviderDto } from './provider.dto.js';
import { type ProviderRow, ProviderStore } from './provider-store.js';

/** Providers. They are read by every grant, so a change needs no word to the dispatchers. */
@Injectable()
export class ProvidersService {
  private readonly cursors = new Cursors('providers');

  constructor(private readonly store: ProviderStore) {}

  async list(query: PageQuery): Promise<Page<ProviderDto>> {
    const after = this.cursors.read(query.cursor) ?? 0;
    const rows = await this.store.list(after, query.limit + 1);
    return this.cursors.page(rows, query.limit, ({ id }) => id, toProviderDto);
  }

  /** Throws a {@link Problem} when there is none. */
  async get(id: number): Promise<ProviderDto> {
    return toProviderDto((await this.store.find(id)) ?? notFound(id));
  }

  /** Changes what is given. Throws a {@link Problem} when there is none. */
  async update(id: number, changes: UpdateProviderDto): Promise<ProviderDto> {
    return toProviderDto((await this.store.update(id, changes)) ?? notFound(id));
  }
}

function notFound(id: number): never {
  throw Problem.notFound('provider', id);
}

function toProviderDto({ state, reason, openedAt, retryAt, ...provider }: ProviderRow): ProviderDto {
  return {
    ...provider,
    breaker: {
      state,
      // One that an earlier version stored holds the provider's words as they came.
      reason: reason === null ? null : maskWords(reason),
      openedAt: openedAt?.toISOString() ?? null,
      retryAt: retryAt?.toISOString() ?? null,
    },
  };
}
