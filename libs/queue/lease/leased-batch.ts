import { maySend } from '#libs/mailings/status';

import type { AmbiguityPolicy } from '#libs/mailings';

/** A batch that this owner alone may send until its lease runs out. Instants are epoch milliseconds of the database's clock. */
export interface LeasedBatch {
  id: number;
  mailingId: number;
  priority: number;
  providerId: number;
  fence: number;
  timezone: string | null;
  /** `-Infinity` without a window. */
  notBefore: number;
  /** `Infinity` without a window. */
  notAfter: number;
  endAt: number;
  text: string;
  onAmbiguous: AmbiguityPolicy;
  /** How long the provider knows an id again, in milliseconds; null for ever. Each grant reads it anew. */
  keyLifetimeMs: number | null;
  /** Who has a rate limit: the mailing, and maybe the provider too, or the provider alone. */
  limitedBy: 'mailing' | 'provider' | null;
  /** The database's clock when the lease was written. */
  now: number;
}

/** What a lease writes; parameters: `$1` the owner, `$2` how long the lease is in milliseconds. */
export const leaseChanges = `
      state = 'leased', owner = $1::uuid, fence = b.fence + 1, granted_upto = 0, ticketed_until = NULL,
      leased_at = clock.now,
      lease_until = clock.now + make_interval(secs => $2::float8 / 1000)`;

/** A {@link LeasedBatch}, of the batch "b", its mailing "m" and the provider "p". */
export const leasedColumns = `
    RETURNING b.id, b.mailing_id AS "mailingId", m.priority, b.provider_id AS "providerId", b.fence, b.timezone,
      extract(epoch FROM b.not_before)::float8 * 1000 AS "notBefore",
      extract(epoch FROM b.not_after)::float8 * 1000 AS "notAfter",
      extract(epoch FROM m.end_at)::float8 * 1000 AS "endAt", m.text,
      m.on_ambiguous AS "onAmbiguous", extract(epoch FROM p.key_lifetime)::float8 * 1000 AS "keyLifetimeMs",
      CASE WHEN m.rate_limit IS NOT NULL THEN 'mailing' WHEN p.rate_limit IS NOT NULL THEN 'provider'
      END AS "limitedBy",
      extract(epoch FROM clock.now)::float8 * 1000 AS now`;

/** Leases the batch of a query called `chosen`, whose row is locked. */
export const leaseChosen = `
    UPDATE batches b SET ${leaseChanges}
    FROM chosen, clock, mailings m, providers p
    WHERE b.id = chosen.id AND m.id = b.mailing_id AND ${maySend} AND p.id = b.provider_id
    ${leasedColumns}`;
