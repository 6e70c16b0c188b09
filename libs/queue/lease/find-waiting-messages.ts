import type { SqlExecutor, Statement } from '#libs/database';
import { parkOldDoubts } from './park-old-doubts.js';

/** A message that is still to be sent. */
export interface WaitingMessage {
  id: number;
  clientId: number;
  phone: number;
  /** Attempts that count; the next one has this number plus one. */
  attempts: number;
  /** Attempts up to this number were judged by a person and use nothing up. */
  resolvedAttempts: number;
  /** Suspicious answers that it got: about its recipient, or about everybody. */
  suspicions: number;
  /** Of these, the 429s that proved to be about its recipient. */
  ownThrottles: number;
  /** And the refusals that did. */
  ownRefusals: number;
  /** Epoch milliseconds since which the provider may have it without our knowing; null without doubt. */
  inDoubtSince: number | null;
}

/**
 * Whether a person has had it sent again and no request was made since: that one is wanted whatever the provider
 * still knows, so the age of the doubt does not matter yet.
 */
export function isWantedAnyway({
  attempts,
  resolvedAttempts,
}: Pick<WaitingMessage, 'attempts' | 'resolvedAttempts'>) {
  return resolvedAttempts > 0 && attempts === resolvedAttempts;
}

// Ordered so that no plan reads the primary key instead: see `close-spent-batches`.
const waitingMessages: Statement = {
  name: 'waiting-messages',
  text: `
    SELECT id, client_id AS "clientId", phone, attempts::int, resolved_attempts::int AS "resolvedAttempts",
      suspicions::int, own_throttles::int AS "ownThrottles", own_refusals::int AS "ownRefusals",
      extract(epoch FROM in_doubt_since)::float8 * 1000 AS "inDoubtSince"
    FROM messages WHERE batch_id = $1 AND status = 'pending' ORDER BY id + 0`,
};

/**
 * What a batch still has to send, in the order in which it is granted. What has been in doubt for too long to
 * be sent again becomes `unknown` instead; `requestMs` is how long a request may take.
 */
export async function findWaitingMessages(
  sql: SqlExecutor,
  batch: { id: number },
  writer: { shard: number; requestMs: number },
): Promise<WaitingMessage[]> {
  const waiting = await sql.query<WaitingMessage>(waitingMessages, [batch.id]);
  if (waiting.every(({ inDoubtSince }) => inDoubtSince === null)) return waiting;
  const parked = new Set(await parkOldDoubts(sql, batch.id, writer));
  return waiting.filter(({ id }) => !parked.has(id));
}
