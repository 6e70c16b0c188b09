import type { SqlExecutor, Statement } from '#libs/database';
import {
  type Grant,
  grantChanges,
  grantColumns,
  grantConditions,
  grantOf,
  type GrantRow,
  grantValues,
  type SliceRequest,
} from '#libs/queue/grant';
import { type RecordedRow, recordingSent, runRecordSent, type SentMessage } from './record-sent.js';

/** The grant's parameters follow the five of the recording. */
const grants = (nth: number) => `$${nth + 5}`;

/**
 * What was accepted, and the next slice for the places that this frees, in one commit: each way to Postgres costs
 * both sides more than what they do for a message or two. The slice is granted only when all that was accepted is
 * recorded by it, so that what is granted and not recorded stays within its cap. It waits for no one else who has
 * the batch's row, or outcomes of other batches would wait too; that row is taken before the messages, as by all.
 */
const recordAndGrant: Statement = {
  name: 'record-sent-and-grant-slice',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), allowed AS MATERIALIZED (
      SELECT b.id, m.end_at, p.key_lifetime FROM clock, batches b, mailings m, providers p
      WHERE ${grantConditions(grants)}
      FOR NO KEY UPDATE OF b SKIP LOCKED
    ), ${recordingSent('(SELECT count(*) FROM allowed) >= 0')}, granted AS (
      UPDATE batches b SET ${grantChanges(grants)}
      FROM clock, allowed
      WHERE b.id = allowed.id AND (SELECT count(*) FROM changed) = cardinality($1::bigint[])
      RETURNING allowed.end_at, clock.now, allowed.key_lifetime, b.lease_until - clock.now AS lease
    )
    SELECT (SELECT count(*)::int FROM changed) AS recorded, ${grantColumns(grants)}
    FROM (VALUES (true)) AS always LEFT JOIN granted ON true`,
};

/** Without a grant all but `recorded` says nothing. */
type Row = RecordedRow & (GrantRow | { endAt: null });

/**
 * As `recordSentMessages`, and as `grantSlice` if that is possible on the way; both are committed together. Without
 * a grant, `grantSlice` says whether there is one to be had.
 */
export async function recordSentAndGrantSlice(
  sql: SqlExecutor,
  shard: number,
  messages: readonly SentMessage[],
  request: SliceRequest,
): Promise<{ recorded: number; grant: Grant | undefined }> {
  const [row] = await runRecordSent<Row>(sql, recordAndGrant, shard, messages, grantValues(request));
  if (!row) throw new Error('A statement that always has a row had none');
  return { recorded: row.recorded, grant: row.endAt === null ? undefined : grantOf(row, request) };
}
