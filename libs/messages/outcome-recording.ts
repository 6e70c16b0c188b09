import type { Sql, SqlExecutor, Statement } from '#libs/database';
import { countChanges } from './counter-changes.js';
import type { MessageStatus } from './message-status.js';
import { chooseRetryBatches, type RetryBatches, type RetrySource } from './retry-batches.js';

/** What one request to the provider made of a message. */
export interface MessageOutcome {
  messageId: number;
  /** The batch and fence under which it was sent; a retry is only planned while they still hold. */
  source: RetrySource;
  /** `pending` asks for a retry at `retryAt`. */
  becomes: Extract<MessageStatus, 'pending' | 'sent' | 'failed' | 'unknown'>;
  /** The provider may have accepted it. */
  ambiguous: boolean;
  /** Attempts that count, this one included if it does. */
  attempts: number;
  /** Epoch milliseconds by the database's clock. */
  at: number;
  retryAt?: number;
  error?: string;
  /** Kept in `attempts`; an accepted attempt is on the message itself. */
  attempt?: { outcome: string; httpStatus: number | null; latencyMs: number };
}

/** Who records: its shard of the counters, and the retry batches that it is still filling. */
export interface OutcomeWriter {
  dispatcherId: string;
  shard: number;
  retryBatches: RetryBatches;
}

/**
 * One statement for all that came back in a few milliseconds. Rows are locked in id order first, so that two
 * writers never deadlock. A status only moves up (see `message_status`), and the counters move by what really
 * changed: running it again after a COMMIT whose answer was lost changes nothing. What may have been accepted
 * never ends as `cancelled`, `expired` or `failed`, but as `unknown`.
 */
const record: Statement = {
  name: 'record-outcomes',
  text: `
    WITH outcome AS MATERIALIZED (
      SELECT * FROM unnest($1::bigint[], $2::message_status[], $3::boolean[], $4::smallint[], $5::float8[],
        $6::text[], $7::bigint[], $8::bigint[])
        AS o (id, becomes, ambiguous, attempts, at, error, batch_id, retry_batch)
    ), held AS MATERIALIZED (
      SELECT id, mailing_id, status, ambiguous FROM messages
      WHERE id = ANY ($1::bigint[])
      ORDER BY id
      FOR NO KEY UPDATE
    ), target AS MATERIALIZED (
      SELECT o.*, held.mailing_id, held.status AS was,
        CASE
          WHEN o.becomes = 'pending' AND o.ambiguous AND held.status IN ('cancelled', 'expired') THEN 'unknown'
          WHEN o.becomes = 'failed' AND (held.ambiguous OR o.ambiguous) THEN 'unknown'
          ELSE o.becomes
        END AS moves_to
      FROM outcome o JOIN held USING (id)
    ), changed AS (
      UPDATE messages m SET
        status = t.moves_to,
        attempts = greatest(m.attempts, t.attempts),
        ambiguous = m.ambiguous OR t.ambiguous,
        sent_at = CASE WHEN t.moves_to = 'sent' THEN to_timestamp(t.at / 1000) ELSE m.sent_at END,
        last_error = CASE WHEN t.moves_to = 'sent' THEN NULL ELSE t.error END,
        batch_id = CASE WHEN t.moves_to = 'pending' THEN t.retry_batch ELSE m.batch_id END
      FROM target t
      WHERE m.id = t.id
        AND (t.moves_to > t.was
          OR (t.moves_to = 'pending' AND t.was = 'pending'
            AND t.retry_batch IS NOT NULL AND m.batch_id = t.batch_id))
      RETURNING m.mailing_id, t.was, t.moves_to AS becomes
    ), counted AS (
      ${countChanges('changed', '$9')}
    )
    INSERT INTO attempts (message_id, number, at, outcome, http_status, error, latency_ms, dispatcher)
    SELECT * FROM (
      SELECT a.id, a.number, to_timestamp(a.at / 1000), a.outcome, a.http_status, a.error, a.latency_ms, $10::uuid
      FROM unnest($11::bigint[], $12::smallint[], $13::float8[], $14::text[], $15::smallint[], $16::text[],
        $17::integer[]) AS a (id, number, at, outcome, http_status, error, latency_ms)
    ) AS failed
    ON CONFLICT DO NOTHING`,
};

/**
 * Records outcomes; returns how many of them could not be retried because their batch had changed hands (its
 * new owner decides about those). All in one transaction; safe to repeat after any failure.
 */
export async function recordOutcomes(
  sql: Sql,
  writer: OutcomeWriter,
  outcomes: readonly MessageOutcome[],
): Promise<{ orphaned: number }> {
  if (!outcomes.some((outcome) => outcome.retryAt !== undefined)) {
    await runRecord(sql, writer, outcomes, new Map());
    return { orphaned: 0 };
  }
  return sql.transaction(async (transaction) => {
    const chosen = await chooseRetryBatches(
      transaction,
      writer,
      outcomes.flatMap((outcome) =>
        outcome.retryAt === undefined
          ? []
          : [{ messageId: outcome.messageId, source: outcome.source, dueAt: outcome.retryAt }],
      ),
    );
    await runRecord(transaction, writer, outcomes, chosen.batchOf);
    return { orphaned: chosen.orphaned };
  });
}

async function runRecord(
  sql: SqlExecutor,
  writer: OutcomeWriter,
  outcomes: readonly MessageOutcome[],
  retryBatchOf: ReadonlyMap<number, number>,
): Promise<void> {
  const logged = outcomes.filter((outcome) => outcome.attempt !== undefined);
  await sql.query(record, [
    outcomes.map((outcome) => outcome.messageId),
    outcomes.map((outcome) => outcome.becomes),
    outcomes.map((outcome) => outcome.ambiguous),
    outcomes.map((outcome) => outcome.attempts),
    outcomes.map((outcome) => outcome.at),
    outcomes.map((outcome) => outcome.error ?? null),
    outcomes.map((outcome) => outcome.source.id),
    outcomes.map((outcome) => retryBatchOf.get(outcome.messageId) ?? null),
    writer.shard,
    writer.dispatcherId,
    logged.map((outcome) => outcome.messageId),
    logged.map((outcome) => outcome.attempts),
    logged.map((outcome) => outcome.at),
    logged.map((outcome) => outcome.attempt?.outcome),
    logged.map((outcome) => outcome.attempt?.httpStatus ?? null),
    logged.map((outcome) => outcome.error ?? null),
    logged.map((outcome) => Math.round(outcome.attempt?.latencyMs ?? 0)),
  ]);
}
