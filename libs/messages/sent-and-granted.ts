import type { SqlExecutor, Statement } from '#libs/database';
import { type RecordedRow, recordingSent, runRecordSent, type SentMessage } from './sent-recording.js';
import {
  type Grant,
  grantColumns,
  grantingSlice,
  grantOf,
  type GrantRow,
  grantValues,
  type SliceRequest,
} from './slice-grant.js';

/** The grant's parameters follow the five of the recording. */
const grants = (nth: number) => `$${nth + 5}`;

/**
 * What was accepted, and the next slice for the places that this frees, in one commit: each way to Postgres costs
 * both sides more than what they do for a message or two. The batch is locked before the messages are, as whoever
 * takes a batch over does.
 */
const recordAndGrant: Statement = {
  name: 'record-sent-and-grant-slice',
  text: `
    WITH ${grantingSlice(grants)}, ${recordingSent('(SELECT count(*) FROM granted) >= 0')}
    SELECT (SELECT count(*)::int FROM changed) AS recorded, ${grantColumns(grants)}
    FROM (VALUES (true)) AS always LEFT JOIN granted ON true`,
};

/** Without a grant all but `recorded` says nothing. */
type Row = RecordedRow & (GrantRow | { endAt: null });

/**
 * As `recordSentMessages` and `grantSlice` together: both are done or neither. A grant that is refused keeps nothing
 * from being recorded.
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
