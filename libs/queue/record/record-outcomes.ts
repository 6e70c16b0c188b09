import type { Sql, SqlExecutor, Statement } from '#libs/database';
import { afterChange, type MessageStatus, returningChanged } from '#libs/queue/transitions';
import type { AttemptOutcome } from './attempt-outcome.js';
import { chooseRetryBatches, type RetryBatches, type RetrySource } from './choose-retry-batches.js';
import { recordSentMessages } from './record-sent.js';

/** What one request to the provider made of a message. */
export interface MessageOutcome {
  messageId: number;
  /** The batch and fence under which it was sent; a retry is only planned while they are still so. */
  source: RetrySource;
  /** `pending` asks for a retry at `retryAt`. */
  becomes: Extract<MessageStatus, 'pending' | 'sent' | 'failed' | 'unknown'>;
  /** Epoch milliseconds from which the provider may have accepted it without our knowing; absent without doubt. */
  inDoubtSince?: number;
  /** The number of the request: one more than the attempts that were counted when it was granted. */
  number: number;
  /** Attempts that count, this one included if it does. */
  attempts: number;
  /** Epoch milliseconds by the database's clock. */
  at: number;
  retryAt?: number;
  /** How many suspicious answers it has, this one included. */
  suspicions?: number;
  /** How many of each kind proved to be its own. It says so of an answer that was recorded before, if it still waits. */
  own?: { throttles: number; refusals: number };
  error?: string;
  /** Kept in `attempts`; an accepted attempt is on the message itself. */
  attempt?: { outcome: AttemptOutcome; httpStatus: number | null; latencyMs: number };
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
 * changed: running it again after a COMMIT whose answer was lost changes nothing. A doubt stays: what may have
 * been accepted never ends as `cancelled`, `expired` or `failed` but as `unknown`, in whatever order that and
 * the doubt arrive. Only the move to a retry batch depends on the message still being where it was sent from.
 * What proves to be a message's own is said of one that still waits, wherever that is, and logged of no other.
 * What a person has judged stays so: a request up to `resolved_attempts` counts only if it was accepted.
 * The ids are named to the UPDATE too: a plan that was made while the table was small would read all of it.
 */
const record: Statement = {
  name: 'record-outcomes',
  text: `
    WITH outcome AS MATERIALIZED (
      SELECT *, to_timestamp(in_doubt_ms / 1000) AS in_doubt_since
      FROM unnest($1::bigint[], $2::message_status[], $3::float8[], $4::smallint[], $5::float8[], $6::text[],
        $7::bigint[], $8::bigint[], $18::smallint[], $19::smallint[], $20::smallint[], $21::smallint[])
        AS o (id, becomes, in_doubt_ms, attempts, at, error, batch_id, retry_batch, number, suspicions, throttles, refusals)
    ), locked AS MATERIALIZED (
      SELECT id, batch_id, status, in_doubt_since, resolved_attempts, own_throttles, own_refusals FROM messages
      WHERE id = ANY ($1::bigint[])
      ORDER BY id
      FOR NO KEY UPDATE
    ), target AS MATERIALIZED (
      SELECT o.*, locked.status AS was,
        CASE
          WHEN coalesce(o.in_doubt_since, locked.in_doubt_since) IS NOT NULL
            AND greatest(o.becomes, locked.status) IN ('cancelled', 'expired', 'failed') THEN 'unknown'
          ELSE o.becomes
        END AS moves_to,
        o.becomes = 'pending' AND locked.status = 'pending'
          AND o.retry_batch IS NOT NULL AND o.batch_id = locked.batch_id AS retries,
        locked.status = 'pending'
          AND o.in_doubt_since < coalesce(locked.in_doubt_since, 'infinity') AS casts_doubt,
        coalesce(o.throttles > locked.own_throttles OR o.refusals > locked.own_refusals, false) AS is_own
      FROM outcome o JOIN locked USING (id)
      WHERE o.becomes = 'sent'
        OR (o.number > locked.resolved_attempts AND (o.refusals IS NULL OR locked.status = 'pending'))
    ), changed AS (
      UPDATE messages m SET
        status = t.moves_to,
        attempts = greatest(m.attempts, t.attempts),
        in_doubt_since = least(m.in_doubt_since, t.in_doubt_since),
        suspicions = greatest(m.suspicions, t.suspicions),
        own_throttles = greatest(m.own_throttles, t.throttles),
        own_refusals = greatest(m.own_refusals, t.refusals),
        sent_at = CASE WHEN t.moves_to = 'sent' THEN to_timestamp(t.at / 1000) ELSE m.sent_at END,
        last_error = CASE WHEN t.moves_to = 'sent' THEN NULL ELSE coalesce(t.error, m.last_error) END,
        batch_id = CASE WHEN t.retries THEN t.retry_batch ELSE m.batch_id END
      FROM target t
      WHERE m.id = t.id AND m.id = ANY ($1::bigint[])
        AND (t.moves_to > t.was OR t.retries OR t.casts_doubt OR t.is_own)
      ${returningChanged({ was: 't.was', becomes: 't.moves_to' })}
    ), ${afterChange('$9')}
    INSERT INTO attempts (message_id, number, at, outcome, http_status, error, latency_ms, dispatcher)
    SELECT * FROM (
      SELECT a.id, a.number, to_timestamp(a.at / 1000), a.outcome, a.http_status, a.error, a.latency_ms, $10::uuid
      FROM unnest($11::bigint[], $12::smallint[], $13::float8[], $14::text[], $15::smallint[], $16::text[],
        $17::integer[]) AS a (id, number, at, outcome, http_status, error, latency_ms)
      WHERE a.id NOT IN (SELECT id FROM outcome WHERE refusals IS NOT NULL) OR a.id IN (SELECT id FROM target)
    ) AS failed
    ON CONFLICT DO NOTHING`,
};

/**
 * Records outcomes; returns how many of them could not be retried because their batch had changed hands (its
 * new owner decides about those). Safe to repeat after any failure.
 */
export async function recordOutcomes(
  sql: Sql,
  writer: OutcomeWriter,
  outcomes: readonly MessageOutcome[],
): Promise<{ orphaned: number }> {
  let orphaned = 0;
  for (const set of withoutRepetition(outcomes)) orphaned += await recordSet(sql, writer, set);
  return { orphaned };
}

/** An UPDATE takes one row for a message and drops the others, so its second outcome is for another set. */
function withoutRepetition(outcomes: readonly MessageOutcome[]): MessageOutcome[][] {
  const sets: MessageOutcome[][] = [];
  const seen = new Map<number, number>();
  for (const outcome of outcomes) {
    const nth = seen.get(outcome.messageId) ?? 0;
    seen.set(outcome.messageId, nth + 1);
    (sets[nth] ??= []).push(outcome);
  }
  return sets;
}

async function recordSet(sql: Sql, writer: OutcomeWriter, all: readonly MessageOutcome[]): Promise<number> {
  const sent = all.filter(({ becomes }) => becomes === 'sent');
  const recorded = sent.length > 0 ? await recordSentMessages(sql, writer.shard, sent) : 0;
  // For those that it has recorded, the statement for all of them changes nothing.
  const outcomes = recorded === sent.length ? all.filter(({ becomes }) => becomes !== 'sent') : all;
  if (outcomes.length === 0) return 0;
  const wanted = outcomes.flatMap(({ messageId, source, retryAt }) =>
    retryAt === undefined ? [] : [{ messageId, source, dueAt: retryAt }],
  );
  if (wanted.length === 0) {
    await runRecord(sql, writer, outcomes, new Map());
    return 0;
  }
  return sql.transaction(async (transaction) => {
    const chosen = await chooseRetryBatches(transaction, writer, wanted);
    await runRecord(transaction, writer, outcomes, chosen.batchOf);
    return chosen.orphaned;
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
    outcomes.map((outcome) => outcome.inDoubtSince ?? null),
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
    outcomes.map((outcome) => outcome.number),
    outcomes.map((outcome) => outcome.suspicions ?? null),
    outcomes.map((outcome) => outcome.own?.throttles ?? null),
    outcomes.map((outcome) => outcome.own?.refusals ?? null),
  ]);
}
