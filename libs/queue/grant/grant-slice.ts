import { numberArray, type SqlExecutor, type Statement } from '#libs/database';
import { inTime, maySend } from '#libs/mailings/status';
import type { LeaseKey } from '#libs/queue/lease';

export interface Grant {
  /** Ids of the slice that are still to be sent. */
  ids: Set<number>;
  /** What is left of the lease, in milliseconds from `now`; null if the grant did not look at it. */
  leaseMs: number | null;
  /** The mailing's end and the database's clock, epoch milliseconds. */
  endAt: number;
  now: number;
  /** How long the provider knows an id again, in milliseconds; null for ever. */
  keyLifetimeMs: number | null;
  /** When the messages of `ids` may start, in the order of their ids, epoch milliseconds; null without a limit. */
  slots: number[] | null;
  /** Ids of the slice that are still to be sent and found no slot. */
  slotless: Set<number>;
  /** Whose limit ran out, if a message found no slot. */
  shortOf: 'mailing' | 'provider' | null;
  /** About when it is worth asking again, epoch milliseconds; null when every message found its slot. */
  freeAt: number | null;
}

interface GrantTerms {
  leaseMs: number;
  guardMs: number;
  /** It is for the probe of this owner, which passes a half-open breaker and needs no slot. */
  probe: boolean;
}

/** Who asks for which messages of a batch. */
export interface SliceRequest {
  owner: string;
  batch: LeaseKey;
  /** Ascending. */
  ids: readonly number[];
  terms: GrantTerms;
}

/**
 * Commits, before anything leaves, how far an owner may send: after a crash the messages in doubt are exactly those
 * up to `granted_upto` that were not recorded; of a probe, which may be any of the batch, that one alone. Renews the lease once a tenth of it is gone: a batch is granted from
 * several times a second, and each new `lease_until` is another entry of an index. `$` names the parameters of
 * {@link grantValues} by their numbers, here and below; `now` is that of a query called `clock`.
 */
export function grantChanges($: (nth: number) => string): string {
  return `
        granted_upto = greatest(b.granted_upto, ${$(4)}),
        probe_fence = CASE WHEN ${$(8)} THEN b.fence ELSE b.probe_fence END,
        lease_until = CASE WHEN b.lease_until > clock.now + make_interval(secs => ${$(6)}::float8 * 0.9 / 1000)
          THEN b.lease_until ELSE clock.now + make_interval(secs => ${$(6)}::float8 / 1000) END`;
}

/**
 * When a batch "b" of a mailing "m" may be granted from: only while the lease, the mailing, its end, the window and
 * the breaker of the provider "p" allow it. With a limit it is the paced grant's turn: this one refuses all but a
 * probe, which is a request a second at most, while nothing else is sent.
 */
export function grantConditions($: (nth: number) => string): string {
  return `b.id = ${$(2)} AND b.fence = ${$(3)} AND b.owner = ${$(1)}::uuid AND b.state = 'leased'
        AND m.id = b.mailing_id AND ${maySend}
        AND ${inTime('least(m.end_at, b.not_after)', $(7))}
        AND p.id = b.provider_id
        AND (p.breaker = 'closed' OR (p.breaker = 'half_open' AND p.probe_owner = ${$(1)}::uuid AND ${$(8)}))
        AND (${$(8)} OR num_nonnulls(m.rate_limit, p.rate_limit) = 0)`;
}

/**
 * The columns of a {@link GrantRow}, from a query called `granted`. Rows are read again, because a client may have
 * been deleted since the batch was leased.
 */
export function grantColumns($: (nth: number) => string): string {
  // "+ 0": Postgres would read all of the batch in its index too, for each slice, to compare that with the ids.
  const stillWaiting = `
        FROM messages WHERE id = ANY (${$(5)}::bigint[]) AND batch_id + 0 = ${$(2)} AND status = 'pending'`;
  return `extract(epoch FROM granted.end_at)::float8 * 1000 AS "endAt",
      extract(epoch FROM granted.now)::float8 * 1000 AS now,
      extract(epoch FROM granted.key_lifetime)::float8 * 1000 AS "keyLifetimeMs",
      extract(epoch FROM granted.lease)::float8 * 1000 AS "leaseMs",
      CASE WHEN cardinality(${$(5)}::bigint[]) > (
        SELECT count(*) ${stillWaiting}
      ) THEN ARRAY (
        SELECT id::float8 ${stillWaiting}
      ) END AS "stillWaiting"`;
}

const own = (nth: number) => `$${nth}`;

const grant: Statement = {
  name: 'grant-slice',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), granted AS (
      UPDATE batches b SET ${grantChanges(own)}
      FROM clock, mailings m, providers p
      WHERE ${grantConditions(own)}
      RETURNING m.end_at, clock.now, p.key_lifetime, b.lease_until - clock.now AS lease
    )
    SELECT ${grantColumns(own)} FROM granted`,
};

export interface GrantRow extends Pick<Grant, 'endAt' | 'now' | 'keyLifetimeMs' | 'leaseMs'> {
  /** Null when that is all of the slice, as it nearly always is. */
  stillWaiting: number[] | null;
}

/** Grants a slice of a batch; undefined when it may not be sent (any more) or has a limit now. */
export async function grantSlice(sql: SqlExecutor, request: SliceRequest): Promise<Grant | undefined> {
  const [row] = await sql.query<GrantRow>(grant, grantValues(request));
  return row && grantOf(row, request);
}

export function grantValues({ owner, batch, ids, terms }: SliceRequest): unknown[] {
  return [
    owner,
    batch.id,
    batch.fence,
    ids.at(-1),
    numberArray(ids),
    terms.leaseMs,
    terms.guardMs,
    terms.probe,
  ];
}

export function grantOf(row: GrantRow, { ids }: SliceRequest): Grant {
  return {
    endAt: row.endAt,
    now: row.now,
    keyLifetimeMs: row.keyLifetimeMs,
    leaseMs: row.leaseMs,
    ids: new Set(row.stillWaiting ?? ids),
    slots: null,
    slotless: new Set(),
    shortOf: null,
    freeAt: null,
  };
}
