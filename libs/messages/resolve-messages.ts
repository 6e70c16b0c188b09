import type { SqlExecutor, Statement } from '#libs/database';
import type { MailingStatus } from '#libs/mailings';
import { BATCH_SIZE } from '#libs/queue/plan';
import { afterChange, type MessageStatus, returningChanged } from '#libs/queue/transitions';

/** What a person may decide about a message that may have been sent. */
export const resolutions = ['sent', 'resend', 'failed'] as const;

export type Resolution = (typeof resolutions)[number];

const becomes: Record<Resolution, MessageStatus> = { sent: 'sent', resend: 'pending', failed: 'failed' };

const noted: Record<Resolution, string> = {
  sent: 'as sent',
  resend: 'to be sent again',
  failed: 'as not sent',
};

/** A mailing as far as it decides about sending again. */
export interface ResolvableMailing {
  status: MailingStatus;
  endAt: Date;
  isOver: boolean;
  controlVersion: number;
}

const lock: Statement = {
  name: 'lock-mailing-for-resolution',
  text: `
    SELECT status, end_at AS "endAt", end_at <= ems_now() AS "isOver", control_version AS "controlVersion"
    FROM mailings WHERE id = $1 AND deleted_at IS NULL
    FOR NO KEY UPDATE`,
};

/** Keeps a mailing as it is until the transaction ends, so that it isn't finished with a new batch in it. */
export async function lockMailing(
  transaction: SqlExecutor,
  mailingId: number,
): Promise<ResolvableMailing | undefined> {
  return (await transaction.query<ResolvableMailing>(lock, [mailingId]))[0];
}

/**
 * The one way down in the order of statuses, and only from `unknown`. The decision takes a number of its own
 * among the attempts, and what was attempted up to it is judged: see `record-outcomes`. What is to be sent again
 * goes to new batches with the window of its old one, whose `granted_upto` may still cover it; it may have been
 * sent, and the time for which the provider surely knows its id is counted anew from the decision. To a client
 * that was deleted nothing is sent again; a deletion at the same time waits, and then finds what is pending.
 * The UPDATE does not name the ids again: a generic plan, which expects one message, would then look all
 * of them up for each.
 */
const resolve: Statement = {
  name: 'resolve-messages',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), locked AS MATERIALIZED (
      SELECT id, client_id, batch_id FROM messages
      WHERE id = ANY ($2::bigint[]) AND mailing_id = $1 AND status = 'unknown'
      ORDER BY id
      FOR NO KEY UPDATE
    ), recipients AS MATERIALIZED (
      SELECT id FROM clients
      WHERE id = ANY (ARRAY (SELECT client_id FROM locked)) AND $3 = 'pending'::message_status
      FOR KEY SHARE
    ), numbered AS MATERIALIZED (
      SELECT l.id, b.provider_id, b.timezone, b.not_before, b.not_after, row_number() OVER alike - 1 AS nth
      FROM locked l JOIN recipients r ON r.id = l.client_id JOIN batches b ON b.id = l.batch_id
      WINDOW alike AS (PARTITION BY b.provider_id, b.timezone, b.not_before, b.not_after ORDER BY l.id)
    ), placed AS MATERIALIZED (
      SELECT *, max(CASE WHEN nth % ${BATCH_SIZE} = 0 THEN nextval(pg_get_serial_sequence('batches', 'id')) END)
        OVER (PARTITION BY provider_id, timezone, not_before, not_after, nth / ${BATCH_SIZE}) AS new_batch
      FROM numbered
    ), opened AS (
      INSERT INTO batches (id, mailing_id, provider_id, size, timezone, not_before, not_after, due_at)
      SELECT new_batch, $1, provider_id, count(*), timezone, not_before, not_after, greatest(not_before, clock.now)
      FROM placed, clock
      GROUP BY new_batch, provider_id, timezone, not_before, not_after, clock.now
    ), changed AS (
      UPDATE messages m SET
        status = $3,
        batch_id = coalesce(p.new_batch, m.batch_id),
        attempts = m.attempts + 1,
        resolved_attempts = m.attempts + 1,
        in_doubt_since = CASE WHEN $3 = 'pending'::message_status THEN clock.now END,
        sent_at = CASE WHEN $3 = 'sent'::message_status THEN coalesce(m.in_doubt_since, clock.now) END,
        last_error = CASE WHEN $3 = 'sent'::message_status THEN NULL ELSE m.last_error END
      FROM clock, locked l LEFT JOIN placed p USING (id)
      WHERE m.id = l.id
        AND ($3 <> 'pending'::message_status OR p.new_batch IS NOT NULL)
      ${returningChanged({ was: "'unknown'::message_status" }, 'm.attempts')}
    ), ${afterChange('$4')}, logged AS (
      INSERT INTO attempts (message_id, number, at, outcome, error)
      SELECT id, attempts, clock.now, 'resolved', $5 FROM changed, clock
      ON CONFLICT DO NOTHING
    )
    SELECT id FROM changed`,
};

/** Resolves those of a locked mailing's messages that are `unknown` and can be; returns how many. */
export async function resolveMessages(
  transaction: SqlExecutor,
  messages: { mailingId: number; ids: readonly number[] },
  as: Resolution,
  shard: number,
): Promise<number> {
  const { mailingId, ids } = messages;
  return (await transaction.query(resolve, [mailingId, ids, becomes[as], shard, noted[as]])).length;
}

const reopen: Statement = {
  name: 'reopen-mailing',
  text: `
    UPDATE mailings SET status = 'running', finished_at = NULL,
      control_version = nextval('mailing_control_version'), control_at = clock.now, updated_at = clock.now
    FROM (SELECT ems_now() AS now) AS clock
    WHERE id = $1 AND status = 'completed'
    RETURNING control_version AS "controlVersion"`,
};

/** Lets a locked mailing that was completed go on; returns its new control version, if it was. */
export async function reopenMailing(
  transaction: SqlExecutor,
  mailingId: number,
): Promise<number | undefined> {
  return (await transaction.query<{ controlVersion: number }>(reopen, [mailingId]))[0]?.controlVersion;
}

const count: Statement = {
  name: 'count-unknown',
  text: `SELECT coalesce(sum(unknown), 0)::bigint AS count FROM mailing_counters WHERE mailing_id = $1`,
};

/** How many messages of a mailing are `unknown`, by its counters. */
export async function countUnknown(executor: SqlExecutor, mailingId: number): Promise<number> {
  return (await executor.query<{ count: number }>(count, [mailingId]))[0]?.count ?? 0;
}
