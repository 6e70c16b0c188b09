import { Inject, Injectable, Logger } from '@nestjs/common';
import { LoopTurn, validatePayload } from '#libs/payloads';
import { toProblem } from '#libs/problems';
import type { ClientBatchItemDto, ClientBatchResultDto, CreateClientBatchDto } from './client-batch.dto.js';
import { phoneTaken, zoneUnknown } from './client-refusals.js';
import { type BatchOutcome, ClientBatchStore } from './client-batch-store.js';
import type { NewClient } from './client-store.js';
import { CreateClientDto, toClientDto } from './client.dto.js';
import { DEFAULT_COUNTRY, type DefaultCountry } from './default-country.js';
import { toNewClient } from './new-client.js';

interface ValidItem {
  index: number;
  client: NewClient;
}

/** Clients that are added by the hundred; each succeeds or fails by itself. */
@Injectable()
export class ClientBatches {
  private readonly logger = new Logger(ClientBatches.name);

  constructor(
    private readonly store: ClientBatchStore,
    @Inject(DEFAULT_COUNTRY) private readonly country: DefaultCountry,
  ) {}

  /** Adds up to a thousand clients; the results are in the order of the items. */
  async create({
    items,
    defaultCountry = this.country,
  }: CreateClientBatchDto): Promise<ClientBatchResultDto> {
    const { valid, results } = await validItems(items, defaultCountry);
    const outcomes = valid.length > 0 ? await this.store.insert(valid.map(({ client }) => client)) : [];
    results.push(...valid.map(({ index }, place) => toBatchItem(index, outcomes[place])));
    const clientIds = outcomes.flatMap((outcome) =>
      typeof outcome === 'object' && 'id' in outcome ? [outcome.id] : [],
    );
    this.logger.debug({ msg: 'clients created', clientIds });
    return { items: results.toSorted((one, other) => one.index - other.index) };
  }
}

async function validItems(
  items: readonly unknown[],
  country: DefaultCountry,
): Promise<{ valid: ValidItem[]; results: ClientBatchItemDto[] }> {
  const results: ClientBatchItemDto[] = [];
  const valid: ValidItem[] = [];
  const turn = new LoopTurn();
  for (const [index, item] of items.entries()) {
    if (turn.isOver) await turn.next();
    try {
      valid.push({ index, client: toNewClient(await validatePayload(CreateClientDto, item), country) });
    } catch (error) {
      results.push({ index, status: 'error', error: toProblem(error) });
    }
  }
  return { valid, results };
}

function toBatchItem(index: number, outcome: BatchOutcome | undefined): ClientBatchItemDto {
  if (outcome === 'phone taken') return { index, status: 'error', error: phoneTaken().toDocument() };
  if (outcome === 'time zone unknown') return { index, status: 'error', error: zoneUnknown().toDocument() };
  if (outcome === undefined || 'refusedBy' in outcome) {
    return { index, status: 'error', error: toProblem(outcome?.refusedBy) };
  }
  return { index, status: 'created', client: toClientDto(outcome) };
}
