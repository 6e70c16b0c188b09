import { numberArray, type SqlExecutor, type Statement } from '#libs/database';
import { afterMove, returningChanged } from '#libs/queue/transitions';

/** An accepted message, as far as its row keeps it. */
export interface SentMessage {
  messageId: number;
  attempts: number;
  /** Epoch milliseconds by the database's clock. */
  at: number;
}

/**
 * The SQL of what nearly every outcome is, at half the price of the statement for all of them: a message that still
 * waited was accepted. Rows are locked in the order of their ids, as everywhere, and once `first` is true. The ids
 * ascend, so that `width_bucket` finds a row's place in the arrays by bisection. `changed` has a row for each that
 * was recorded.
 */
export function recordingSent(first = 'true'): string {
  return `locked AS MATERIALIZED (
      SELECT ctid FROM messages
      WHERE ${first} AND id = ANY ($1::bigint[]) AND status = 'pending'
      ORDER BY id
      FOR NO KEY UPDATE
    ), changed AS (
      UPDATE messages m SET
        status = 'sent',
        attempts = greatest(m.attempts, ($2::smallint[])[width_bucket(m.id, $1::bigint[])]),
        sent_at = to_timestamp($4::float8 + ($3::bigint[])[width_bucket(m.id, $1::bigint[])] / 1e6::float8),
        last_error = NULL
      WHERE m.ctid = ANY (ARRAY (SELECT ctid FROM locked))
      ${returningChanged({ was: "'pending'::message_status" })}
    ), ${afterMove('$5', 'pending', 'sent')}`;
}

const recordSent: Statement = {
  name: 'record-sent',
  text: `WITH ${recordingSent()} SELECT count(*)::int AS recorded FROM changed`,
};

/** How many of the messages were pending, and so are recorded now. */
export interface RecordedRow {
  recorded: number;
}

/**
 * Records messages, each once, that were accepted while they were pending; returns how many were. What was not is
 * for the statement that knows every status. Safe to repeat.
 */
export async function recordSentMessages(
  sql: SqlExecutor,
  shard: number,
  messages: readonly SentMessage[],
): Promise<number> {
  const [row] = await runRecordSent<RecordedRow>(sql, recordSent, shard, messages);
  return row?.recorded ?? 0;
}

/** Runs a statement with {@link recordingSent} in it; `more` are its parameters from the sixth on. */
export async function runRecordSent<Row extends RecordedRow>(
  sql: SqlExecutor,
  statement: Statement,
  shard: number,
  messages: readonly SentMessage[],
  more: readonly unknown[] = [],
): Promise<Row[]> {
  const ascending = messages.toSorted((a, b) => a.messageId - b.messageId);
  const since = Math.min(...messages.map(({ at }) => at));
  return sql.query<Row>(statement, [
    numberArray(ascending.map(({ messageId }) => messageId)),
    numberArray(ascending.map(({ attempts }) => attempts)),
    // As microseconds from the first: small integers are written several times as fast as fractions.
    numberArray(ascending.map(({ at }) => Math.round((at - since) * 1_000))),
    since / 1_000,
    shard,
    ...more,
  ]);
}
