import { Injectable } from '@nestjs/common';
import { Sql, type Statement } from '#libs/database';
import { isLongList, stringifyInTurns } from '#libs/payloads';

/** What a request was answered with: enough to answer another one with the same bytes. */
export interface KeptAnswer {
  /** The HTTP status. */
  status: number;
  /** The header, null without one. */
  location: string | null;
  /** Undefined when there was none. */
  body: unknown;
}

/** A key that was used before. */
export interface UsedKey {
  fingerprint: Buffer;
  /** Undefined while it is yet to come, or when the process died before it came. */
  answer: KeptAnswer | undefined;
}

/** How long a key is known, by the database's clock. */
export const KEPT_FOR = `interval '24 hours'`;

/**
 * Waits for whoever else has claimed the key and not committed yet. An expired one that is not purged yet is
 * taken over.
 */
const claim: Statement = {
  name: 'claim-idempotency-key',
  text: `
    INSERT INTO idempotency_keys AS used (key, fingerprint, created_at) VALUES ($1, $2, ems_now())
    ON CONFLICT (key) DO UPDATE SET
      fingerprint = excluded.fingerprint, created_at = excluded.created_at,
      status = NULL, location = NULL, answer = NULL
    WHERE used.created_at <= excluded.created_at - ${KEPT_FOR}
    RETURNING key`,
};

const find: Statement = {
  name: 'find-idempotency-key',
  text: `SELECT fingerprint, status, location, answer FROM idempotency_keys WHERE key = $1`,
};

const keep: Statement = {
  name: 'keep-answer',
  text: `
    INSERT INTO idempotency_keys AS used (key, fingerprint, created_at, status, location, answer)
    VALUES ($1, $2, ems_now(), $3, $4, $5)
    ON CONFLICT (key) DO UPDATE SET
      status = excluded.status, location = excluded.location, answer = excluded.answer
    WHERE used.fingerprint = excluded.fingerprint AND used.status IS NULL
    RETURNING key`,
};

const release: Statement = {
  name: 'release-idempotency-key',
  text: `DELETE FROM idempotency_keys WHERE key = $1 AND fingerprint = $2 AND status IS NULL`,
};

interface Row {
  fingerprint: Buffer;
  status: number | null;
  location: string | null;
  answer: unknown;
}

/** The keys and their answers. Inside of a joint transaction, all of it is part of that. */
@Injectable()
export class KeptAnswers {
  constructor(private readonly sql: Sql) {}

  /** Undefined when the key is the caller's now; else who has used it, with what it was answered. */
  async claim(key: string, fingerprint: Buffer): Promise<UsedKey | undefined> {
    for (;;) {
      if ((await this.sql.query(claim, [key, fingerprint])).length > 0) return undefined;
      const used = await this.find(key);
      // Released or purged between the two statements: it is free again.
      if (used) return used;
    }
  }

  async find(key: string): Promise<UsedKey | undefined> {
    const [row] = await this.sql.query<Row>(find, [key]);
    if (!row) return undefined;
    const { fingerprint, status, location } = row;
    if (status === null) return { fingerprint, answer: undefined };
    return { fingerprint, answer: { status, location, body: row.answer ?? undefined } };
  }

  /** False when the key has an answer already, or was claimed for another request meanwhile. */
  async keep(key: string, fingerprint: Buffer, answer: KeptAnswer): Promise<boolean> {
    const { status, location } = answer;
    const body = answer.body === undefined ? null : await toJson(answer.body);
    return (await this.sql.query(keep, [key, fingerprint, status, location, body])).length > 0;
  }

  /** Forgets a key that has no answer. */
  async release(key: string, fingerprint: Buffer): Promise<void> {
    await this.sql.query(release, [key, fingerprint]);
  }
}

async function toJson(body: unknown): Promise<string> {
  return isLongList(body) ? stringifyInTurns(body) : JSON.stringify(body);
}
