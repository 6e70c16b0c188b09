import type { Received } from '../../support/provider.js';
import type { Breach } from '../invariant.js';
import type { Ledger, LedgerResolution } from '../ledger.js';
import type { FaultWorld } from '../world/fault-world.js';
import { groupBy } from './grouping.js';

export interface MessageRow {
  id: number;
  mailingId: number;
  clientId: number;
  status: string;
  attempts: number;
}

export interface AttemptRow {
  messageId: number;
  number: number;
  outcome: string;
  httpStatus: number | null;
  error: string | null;
}

export interface BreakerChange {
  /** Epoch milliseconds of the real clock. */
  at: number;
  state: 'open' | 'half_open' | 'closed';
}

/** Everything a check may look at: the ledger, the provider's own record, and the database at rest. */
export interface Evidence {
  ledger: Ledger;
  requests: Received[];
  requestsOf: ReadonlyMap<number, readonly Received[]>;
  resolutionsOf: ReadonlyMap<number, readonly LedgerResolution[]>;
  messages: MessageRow[];
  messageOf: ReadonlyMap<number, MessageRow>;
  mailings: { id: number; status: string; finished: boolean }[];
  batches: { mailingId: number; state: string; count: number }[];
  attempts: AttemptRow[];
  breaker: BreakerChange[];
  settings: Readonly<Record<string, string>>;
  /** The provider knew an id again. */
  deduplicates: boolean;
}

/** One part of what is checked at the end. */
export type Check = (evidence: Evidence) => Breach[];

/** How many there are, and the first few of them. */
export function some<Item>(items: readonly Item[], tell: (item: Item) => string): string {
  const more = items.length > 5 ? ', …' : '';
  return `${items.length}: ${items.slice(0, 5).map(tell).join(', ')}${more}`;
}

/**
 * A connection that `closeIdle` closes may take the answers to later requests on it along: those that were
 * written are lost with it when further bytes of the sender arrive at the closed socket (RFC 9293, 3.10.7.1).
 * So whoever sent one of them can't know what came of it.
 */
function withCutOffs(requests: readonly Received[]): Received[] {
  const closing = new Set<number>();
  return requests.map((request) => {
    const isCutOff = closing.has(request.connection);
    if (request.fault === 'closeIdle') closing.add(request.connection);
    return isCutOff ? { ...request, status: null } : request;
  });
}

/** Reads it all. */
export async function gatherEvidence(
  world: FaultWorld,
  ledger: Ledger,
  deduplicates: boolean,
): Promise<Evidence> {
  const requests = withCutOffs(await world.provider.received());
  const messages = await world.query<MessageRow>(
    `SELECT id, mailing_id AS "mailingId", client_id AS "clientId", status::text, attempts::int FROM messages`,
  );
  return {
    ledger,
    requests,
    requestsOf: groupBy(requests, ({ id }) => id),
    resolutionsOf: groupBy(ledger.resolutions, ({ messageId }) => messageId),
    messages,
    messageOf: new Map(messages.map((message) => [message.id, message])),
    mailings: await world.query(
      `SELECT id, status::text, finished_at IS NOT NULL AS finished FROM mailings WHERE deleted_at IS NULL`,
    ),
    batches: await world.query(
      `SELECT mailing_id AS "mailingId", state::text, count(*) FROM batches WHERE state <> 'done' GROUP BY 1, 2`,
    ),
    attempts: await world.query(
      `SELECT message_id AS "messageId", number::int, outcome, http_status::int AS "httpStatus", error
       FROM attempts`,
    ),
    breaker: await world.query(
      `SELECT extract(epoch FROM at)::float8 * 1000 AS at, state FROM fault_suite_breaker ORDER BY at`,
    ),
    settings: world.settings,
    deduplicates,
  };
}
