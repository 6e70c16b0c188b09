import { Injectable } from '@nestjs/common';
import { ReadSql, Sql, type Statement } from '#libs/database';
import type { MailingStatus } from './mailing-status.js';
import type { Mailing } from './mailing.entity.js';

/** What a mailing is made of. */
export type NewMailing = Pick<
  Mailing,
  | 'text'
  | 'audience'
  | 'startAt'
  | 'endAt'
  | 'windowFrom'
  | 'windowTo'
  | 'onAmbiguous'
  | 'priority'
  | 'rateLimit'
>;

const columns = `
  id, text, audience, start_at AS "startAt", end_at AS "endAt", window_from AS "windowFrom",
  window_to AS "windowTo", on_ambiguous AS "onAmbiguous", priority, rate_limit AS "rateLimit", status, control_version AS "controlVersion", started_at AS "startedAt",
  finished_at AS "finishedAt", deleted_at AS "deletedAt", created_at AS "createdAt", updated_at AS "updatedAt"`;

const list: Statement = {
  name: 'list-mailings',
  text: `SELECT ${columns} FROM mailings WHERE deleted_at IS NULL AND id < $1 ORDER BY id DESC LIMIT $2`,
};

const listByStatus: Statement = {
  name: 'list-mailings-by-status',
  text: `
    SELECT ${columns} FROM mailings
    WHERE deleted_at IS NULL AND status = $3 AND id < $1
    ORDER BY id DESC LIMIT $2`,
};

/** Adds nothing when the end has passed or comes before the start, or a time zone of the audience is not known. */
const insert: Statement = {
  name: 'insert-mailing',
  text: `
    INSERT INTO mailings (text, audience, start_at, end_at, window_from, window_to, on_ambiguous, priority,
      rate_limit, created_at, updated_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, clock.now, clock.now
    FROM (SELECT ems_now() AS now) AS clock
    WHERE $4 > clock.now AND $4 > $3::timestamptz AND NOT EXISTS (
      SELECT FROM jsonb_array_elements_text($2::jsonb->'timezones') AS zone
      WHERE zone NOT IN (SELECT name FROM time_zones))
    RETURNING id, status, control_version AS "controlVersion", created_at AS "createdAt"`,
};

/** What every change has in common that dispatchers must hear of. */
const noted = `
  control_version = nextval('mailing_control_version'), control_at = clock.now, updated_at = clock.now
  FROM (SELECT ems_now() AS now) AS clock
  WHERE id = $1 AND deleted_at IS NULL`;

const pause: Statement = {
  name: 'pause-mailing',
  text: `
    UPDATE mailings SET status = 'paused', ${noted} AND status IN ('scheduled', 'running')
    RETURNING ${columns}`,
};

const resume: Statement = {
  name: 'resume-mailing',
  text: `
    UPDATE mailings SET
      status = CASE WHEN started_at IS NULL THEN 'scheduled' ELSE 'running' END::mailing_status,
      ${noted} AND status = 'paused' AND end_at > clock.now
    RETURNING ${columns}`,
};

/** What never started has nothing to clear up, so it is finished at once. */
const cancel: Statement = {
  name: 'cancel-mailing',
  text: `
    UPDATE mailings SET
      status = 'cancelled', finished_at = CASE WHEN started_at IS NULL THEN clock.now END,
      ${noted} AND status IN ('scheduled', 'running', 'paused')
    RETURNING ${columns}`,
};

/** A scheduled mailing is cancelled as well, so that nothing starts what is about to be cleared away. */
const remove: Statement = {
  name: 'delete-mailing',
  text: `
    UPDATE mailings SET
      status = CASE WHEN status = 'scheduled' THEN 'cancelled' ELSE status END, deleted_at = clock.now,
      ${noted} AND status IN ('scheduled', 'completed', 'cancelled')
    RETURNING ${columns}`,
};

const find: Statement = {
  name: 'find-mailing',
  text: `SELECT ${columns} FROM mailings WHERE id = $1 AND deleted_at IS NULL`,
};

/**
 * The changes of a mailing's status that are made on request, each one guarded statement: undefined when the
 * mailing was not in a status from which it goes. Starting and completing are the dispatchers' changes.
 */
@Injectable()
export class MailingStore {
  constructor(
    private readonly sql: Sql,
    private readonly readSql: ReadSql,
  ) {}

  /**
   * Adds a mailing; undefined when its times or its audience's time zones are not sound. What was given is not read
   * back: Postgres would describe each column again in each answer, which costs more than the rest of the row.
   */
  async insert(mailing: NewMailing): Promise<Mailing | undefined> {
    const { text, audience, startAt, endAt, windowFrom, windowTo, onAmbiguous, priority, rateLimit } =
      mailing;
    const values = [text, audience, startAt, endAt, windowFrom, windowTo, onAmbiguous, priority, rateLimit];
    const [row] = await this.sql.query<Pick<Mailing, 'id' | 'status' | 'controlVersion' | 'createdAt'>>(
      insert,
      values,
    );
    if (!row) return undefined;
    const { id, status, controlVersion, createdAt } = row;
    return {
      id,
      text,
      audience,
      startAt,
      endAt,
      windowFrom,
      windowTo,
      onAmbiguous,
      priority,
      rateLimit,
      status,
      controlVersion,
      startedAt: null,
      finishedAt: null,
      controlAt: null,
      deletedAt: null,
      createdAt,
      updatedAt: createdAt,
    };
  }

  /** The next `count` mailings before the id `before`, the newest first. */
  list(status: MailingStatus | undefined, before: number, count: number): Promise<Mailing[]> {
    return status === undefined
      ? this.readSql.query(list, [before, count])
      : this.readSql.query(listByStatus, [before, count, status]);
  }

  find(id: number): Promise<Mailing | undefined> {
    return this.first(find, id);
  }

  /** From scheduled or running to paused. */
  pause(id: number): Promise<Mailing | undefined> {
    return this.first(pause, id);
  }

  /** From paused, before its end, to running, or to scheduled if it never started. */
  resume(id: number): Promise<Mailing | undefined> {
    return this.first(resume, id);
  }

  /** From scheduled, running or paused to cancelled. */
  cancel(id: number): Promise<Mailing | undefined> {
    return this.first(cancel, id);
  }

  /** Hides a scheduled, completed or cancelled mailing for good; dispatchers clear its rows away. */
  delete(id: number): Promise<Mailing | undefined> {
    return this.first(remove, id);
  }

  private async first(statement: Statement, id: number): Promise<Mailing | undefined> {
    return (await this.sql.query<Mailing>(statement, [id]))[0];
  }
}
