import { expect } from 'vitest';
import type { Sql } from '#libs/database';
import { type MessageStatus, messageStatuses } from '#libs/queue/transitions';

export interface MessageRow {
  id: number;
  clientId: number;
  batchId: number;
  phone: number;
  status: MessageStatus;
  attempts: number;
  inDoubtSince: Date | null;
  lastError: string | null;
  sentAt: Date | null;
}

export interface BatchRow {
  id: number;
  mailingId: number;
  state: 'ready' | 'leased' | 'done';
  size: number;
  timezone: string | null;
  notBefore: Date | number;
  notAfter: Date | number;
  dueAt: Date;
  owner: string | null;
  fence: number;
  leaseUntil: Date | null;
  grantedUpto: number;
  ticketedUntil: Date | null;
}

/** How many messages of a mailing are in each status; a status without any is left out. */
export async function findStatuses(
  sql: Sql,
  mailing: number,
): Promise<Partial<Record<MessageStatus, number>>> {
  const text = 'SELECT status, count(*)::int AS count FROM messages WHERE mailing_id = $1 GROUP BY status';
  const rows = await sql.query<{ status: MessageStatus; count: number }>({ name: '', text }, [mailing]);
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** A mailing's messages by id. */
export function findMessages(sql: Sql, mailing: number): Promise<MessageRow[]> {
  const text = `
    SELECT id, client_id AS "clientId", batch_id AS "batchId", phone, status, attempts,
      in_doubt_since AS "inDoubtSince",      last_error AS "lastError", sent_at AS "sentAt"
    FROM messages WHERE mailing_id = $1 ORDER BY id`;
  return sql.query({ name: '', text }, [mailing]);
}

/** A mailing's batches by id. */
export function findBatches(sql: Sql, mailing: number): Promise<BatchRow[]> {
  const text = `
    SELECT id, mailing_id AS "mailingId", state, size, timezone, not_before AS "notBefore",
      not_after AS "notAfter", due_at AS "dueAt", owner, fence, lease_until AS "leaseUntil",
      granted_upto AS "grantedUpto", ticketed_until AS "ticketedUntil"
    FROM batches WHERE mailing_id = $1 ORDER BY id`;
  return sql.query({ name: '', text }, [mailing]);
}

/** Every mailing's counters, and those of all together, are what counting the messages comes to. */
export async function expectCountersExact(sql: Sql): Promise<void> {
  const count = messageStatuses.map((status) => `count(*) FILTER (WHERE status = '${status}') AS ${status}`);
  const sum = messageStatuses.map((status) => `sum(${status})::bigint AS ${status}`);
  // One statement, so one snapshot.
  const text = `
    SELECT 'recount' AS source, coalesce(mailing_id, 0) AS mailing, ${count.join(', ')} FROM messages
    GROUP BY GROUPING SETS ((mailing_id), ())
    UNION ALL
    SELECT 'counters', mailing_id, ${sum.join(', ')} FROM mailing_counters GROUP BY mailing_id`;
  const rows = await sql.query<{ source: string; mailing: number } & Record<MessageStatus, number>>({
    name: '',
    text,
  });
  const of = (wanted: string) =>
    Object.fromEntries(
      rows
        .filter((row) => row.source === wanted && messageStatuses.some((status) => row[status] !== 0))
        .map((row) => [row.mailing, messageStatuses.map((status) => `${row[status]} ${status}`).join(', ')]),
    );
  expect(of('counters')).toEqual(of('recount'));
}
