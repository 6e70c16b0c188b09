import type { SqlExecutor, Statement } from '#libs/database';
import type { LeaseKey } from '#libs/queue/lease';
import { BATCH_SIZE } from '#libs/queue/plan';

/** The tenure under which a message was sent, and what its retry inherits. */
export interface RetrySource extends LeaseKey {
  mailingId: number;
  timezone: string | null;
  /** Epoch milliseconds, `Infinity` without a window. */
  notAfter: number;
}

export interface WantedRetry {
  messageId: number;
  source: RetrySource;
  /** Epoch milliseconds; retries of one due time share a batch. */
  dueAt: number;
}

/** Retry batches that may still have room, by what they have in common. */
export type RetryBatches = Map<string, number>;

const MOST_REMEMBERED = 1_000;

/**
 * The locked source rows keep a reclaimer from taking them over until the retry is committed. They are found by their
 * ids: with the state as an enum, the index of all leased ones looks as cheap to some plans.
 */
const lockSources: Statement = {
  name: 'lock-retry-sources',
  text: `
    SELECT b.id, b.fence FROM unnest($2::bigint[], $3::bigint[]) AS source (id, fence)
    JOIN batches b ON b.id = source.id AND b.fence = source.fence
    WHERE b.owner = $1::uuid AND b.state::text = 'leased'
    ORDER BY b.id
    FOR SHARE OF b`,
};

/** Only a batch that was never leased takes messages in: `granted_upto` of a leased one would cover them. */
const joinRetryBatch: Statement = {
  name: 'join-retry-batch',
  text: `
    UPDATE batches SET size = size + $2
    WHERE id = $1 AND fence = 0 AND state = 'ready' AND due_at > ems_now() AND size + $2 <= ${BATCH_SIZE}
    RETURNING id`,
};

const openRetryBatch: Statement = {
  name: 'open-retry-batch',
  text: `
    INSERT INTO batches (mailing_id, provider_id, size, timezone, not_before, not_after, due_at)
    SELECT mailing_id, provider_id, $2, timezone, not_before, not_after, to_timestamp($3::float8 / 1000)
    FROM batches WHERE id = $1
    RETURNING id`,
};

/**
 * Finds or opens the batches that retries wait in. A retry whose source is no longer this owner's gets none:
 * whoever took the batch over decides about its messages.
 */
export async function chooseRetryBatches(
  transaction: SqlExecutor,
  writer: { dispatcherId: string; retryBatches: RetryBatches },
  wanted: readonly WantedRetry[],
): Promise<{ batchOf: Map<number, number>; orphaned: number }> {
  const sources = [...new Map(wanted.map(({ source }) => [tenureOf(source), source])).values()];
  const rows = await transaction.query<LeaseKey>(lockSources, [
    writer.dispatcherId,
    sources.map((source) => source.id),
    sources.map((source) => source.fence),
  ]);
  const locked = new Set(rows.map(tenureOf));
  const groups = new Map<string, WantedRetry[]>();
  for (const retry of wanted) {
    if (!locked.has(tenureOf(retry.source))) continue;
    const key = keyOf(retry);
    const group = groups.get(key);
    if (group) group.push(retry);
    else groups.set(key, [retry]);
  }
  const batchOf = new Map<number, number>();
  for (const [key, group] of [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const batchId = await batchFor(transaction, writer.retryBatches, key, group);
    for (const retry of group) batchOf.set(retry.messageId, batchId);
  }
  return { batchOf, orphaned: wanted.length - batchOf.size };
}

async function batchFor(
  transaction: SqlExecutor,
  remembered: RetryBatches,
  key: string,
  group: readonly WantedRetry[],
): Promise<number> {
  const known = remembered.get(key);
  if (known !== undefined) {
    const [joined] = await transaction.query<{ id: number }>(joinRetryBatch, [known, group.length]);
    if (joined) return joined.id;
  }
  const [first] = group;
  const [opened] = await transaction.query<{ id: number }>(openRetryBatch, [
    first?.source.id,
    group.length,
    first?.dueAt,
  ]);
  if (!opened) throw new Error(`The batch of a retry is gone: ${key}`);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(key, opened.id);
  return opened.id;
}

function tenureOf({ id, fence }: LeaseKey): string {
  return `${id}.${fence}`;
}

function keyOf({ source, dueAt }: WantedRetry): string {
  return `${source.mailingId}|${source.timezone ?? ''}|${source.notAfter}|${dueAt}`;
}
