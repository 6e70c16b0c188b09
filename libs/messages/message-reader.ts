import { Injectable } from '@nestjs/common';
import { ReadSql, Sql, type SqlExecutor, type Statement } from '#libs/database';
import { maskWords } from '#libs/masking';
import type { MessageStatus } from '#libs/queue/transitions';
import type { AttemptDto, MessageRow } from './message.dto.js';

/** No status is in an index of messages, so a rare one is looked for in so many rows a page and no more. */
const SCANNED_A_PAGE = 20_000;

const columns = `
  m.id, m.mailing_id AS "mailingId", m.client_id AS "clientId", m.phone, m.status, m.attempts,
  m.created_at AS "createdAt", b.due_at AS "dueAt", m.sent_at AS "sentAt",
  coalesce(m.last_error, stopped.reason) AS "lastError"`;

/**
 * The batch of a message, and why sending is stopped if that is what it waits for. What waits because a provider is
 * down is not rewritten row by row, so the reason is read where it is.
 */
const batchAndReason = `
    LEFT JOIN batches b ON b.id = m.batch_id
    LEFT JOIN providers stopped ON stopped.id = b.provider_id AND stopped.breaker <> 'closed'
      AND m.status = 'pending' AND b.due_at <= (SELECT ems_now()) + interval '10 seconds'`;

const list: Statement = {
  name: 'list-messages',
  text: `
    SELECT ${columns}
    FROM messages m ${batchAndReason}
    WHERE m.mailing_id = $1 AND m.client_id > $2
    ORDER BY m.client_id LIMIT $3`,
};

/** One row at least, so that the caller learns how far was looked even when nothing was found. */
const listByStatus: Statement = {
  name: 'list-messages-by-status',
  text: `
    WITH page AS (
      SELECT m.* FROM (
        SELECT * FROM messages WHERE mailing_id = $1 AND client_id > $2
        ORDER BY client_id LIMIT ${SCANNED_A_PAGE}
      ) AS m
      WHERE m.status = $4 ORDER BY m.client_id LIMIT $3
    ), scanned AS (
      SELECT (
        SELECT client_id FROM messages WHERE mailing_id = $1 AND client_id > $2
        ORDER BY client_id OFFSET ${SCANNED_A_PAGE - 1} LIMIT 1
      ) AS upto
    )
    SELECT ${columns}, scanned.upto AS "scannedUpto"
    FROM scanned LEFT JOIN page m ON true ${batchAndReason}
    ORDER BY m.client_id`,
};

/** Mailing by mailing, since messages have an index by mailing and client and none by client alone. */
const listOfClient: Statement = {
  name: 'list-messages-of-client',
  text: `
    SELECT ${columns}
    FROM mailings g
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE mailing_id = g.id AND client_id = $1) AS m ${batchAndReason}
    WHERE g.deleted_at IS NULL AND g.started_at IS NOT NULL AND g.id < $2
    ORDER BY g.id DESC LIMIT $3`,
};

const find: Statement = {
  name: 'find-message',
  text: `
    SELECT ${columns}
    FROM messages m
    JOIN mailings g ON g.id = m.mailing_id AND g.deleted_at IS NULL ${batchAndReason}
    WHERE m.id = $1`,
};

const attempts: Statement = {
  name: 'find-attempts',
  text: `
    SELECT number, at, outcome, http_status AS "httpStatus", error, latency_ms AS "latencyMs", dispatcher
    FROM attempts WHERE message_id = $1 ORDER BY number`,
};

const mailingExists: Statement = {
  name: 'mailing-exists',
  text: `SELECT FROM mailings WHERE id = $1 AND deleted_at IS NULL`,
};

const clientExists: Statement = {
  name: 'client-exists',
  text: `SELECT FROM clients WHERE id = $1`,
};

/** How far a page was looked for: `upto` is the client it ended at, undefined when that was the last one. */
export interface ScannedPage {
  rows: MessageRow[];
  upto: number | undefined;
}

/** Reads messages and their attempts; it changes nothing. Pages may come from a replica, single ones never. */
@Injectable()
export class MessageReader {
  constructor(
    private readonly sql: Sql,
    private readonly readSql: ReadSql,
  ) {}

  /** The next `count` messages of a mailing after the client `after`, by client. */
  list(mailingId: number, after: number, count: number): Promise<MessageRow[]> {
    return this.readSql.query(list, [mailingId, after, count]);
  }

  /** The same for one status, looking at {@link SCANNED_A_PAGE} messages at most. */
  listByStatus(mailingId: number, status: MessageStatus, after: number, count: number): Promise<ScannedPage> {
    return scan(this.readSql, mailingId, status, after, count);
  }

  /** The next that can be resolved, never from a replica: one that is behind would end the resolving too soon. */
  listUnknown(mailingId: number, after: number, count: number): Promise<ScannedPage> {
    return scan(this.sql, mailingId, 'unknown', after, count);
  }

  /** The next `count` messages of a client in mailings before the id `before`, the newest mailing first. */
  listOfClient(clientId: number, before: number, count: number): Promise<MessageRow[]> {
    return this.readSql.query(listOfClient, [clientId, before, count]);
  }

  async find(id: number): Promise<MessageRow | undefined> {
    return (await this.sql.query<MessageRow>(find, [id]))[0];
  }

  async attempts(messageId: number): Promise<AttemptDto[]> {
    const rows = await this.sql.query<Omit<AttemptDto, 'at'> & { at: Date }>(attempts, [messageId]);
    // Rows of earlier versions have the provider's words as they came.
    return rows.map(({ error, at, ...row }) => ({
      ...row,
      at: at.toISOString(),
      error: error === null ? null : maskWords(error),
    }));
  }

  async mailingExists(mailingId: number): Promise<boolean> {
    return (await this.readSql.find(mailingExists, [mailingId])).length > 0;
  }

  async clientExists(clientId: number): Promise<boolean> {
    return (await this.readSql.find(clientExists, [clientId])).length > 0;
  }
}

async function scan(
  sql: SqlExecutor,
  mailingId: number,
  status: MessageStatus,
  after: number,
  count: number,
): Promise<ScannedPage> {
  const rows = await sql.query<MessageRow & { id: number | null; scannedUpto: number | null }>(listByStatus, [
    mailingId,
    after,
    count,
    status,
  ]);
  return { rows: rows.filter(({ id }) => id !== null), upto: rows[0]?.scannedUpto ?? undefined };
}
