import { numberArray, type SqlExecutor, type Statement } from '#libs/database';
import { inTime, maySend } from '#libs/mailings/status';
import type { Grant, SliceRequest } from './grant-slice.js';

/**
 * As `grant-slice`, for a mailing or a provider with a limit: it grants as many messages as find a slot, and
 * reserves these slots, in one statement. A refusal changes nothing, nor does a slice for which there is no slot:
 * the lease is renewed with the first message only.
 */
const grant: Statement = {
  name: 'grant-paced-slice',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now), allowed AS MATERIALIZED (
      SELECT b.id, b.mailing_id, b.provider_id, m.end_at, p.key_lifetime,
        m.rate_limit AS mailing_limit, p.rate_limit AS provider_limit
      FROM clock CROSS JOIN batches b
      JOIN mailings m ON m.id = b.mailing_id
      JOIN providers p ON p.id = b.provider_id
      WHERE b.id = $2 AND b.fence = $3 AND b.owner = $1::uuid AND b.state = 'leased'
        AND ${maySend}
        AND ${inTime('least(m.end_at, b.not_after)', '$6')}
        AND p.breaker = 'closed'
      FOR NO KEY UPDATE OF b
    ), pending AS MATERIALIZED (
      SELECT ARRAY (
        SELECT id FROM messages WHERE id = ANY ($4::bigint[]) AND batch_id + 0 = $2 AND status = 'pending'
        ORDER BY id
      ) AS ids
    ), reserved AS MATERIALIZED (
      SELECT allowed.id, end_at, key_lifetime, ids, instants, short_of, free_at,
        coalesce(cardinality(instants), cardinality(ids)) AS many
      FROM allowed CROSS JOIN pending CROSS JOIN LATERAL ems_reserve_slots(
        mailing_id, mailing_limit, provider_id, provider_limit, cardinality(ids)
      )
    ), granted AS (
      UPDATE batches b SET
        granted_upto = greatest(b.granted_upto, reserved.ids[reserved.many]),
        lease_until = clock.now + make_interval(secs => $5::float8 / 1000)
      FROM clock, reserved
      WHERE b.id = reserved.id AND reserved.many > 0
    )
    SELECT extract(epoch FROM end_at)::float8 * 1000 AS "endAt",
      extract(epoch FROM clock.now)::float8 * 1000 AS now,
      extract(epoch FROM key_lifetime)::float8 * 1000 AS "keyLifetimeMs",
      ids[: many]::float8[] AS ids, ids[many + 1 :]::float8[] AS slotless, instants AS slots,
      short_of AS "shortOf", free_at AS "freeAt"
    FROM reserved CROSS JOIN clock`,
};

interface PacedRow extends Omit<Grant, 'ids' | 'leaseMs' | 'slotless'> {
  ids: number[];
  slotless: number[];
}

/** Grants what finds a slot of a slice; undefined when it may not be sent (any more). */
export async function grantPacedSlice(
  sql: SqlExecutor,
  { owner, batch, ids, terms }: SliceRequest,
): Promise<Grant | undefined> {
  const [row] = await sql.query<PacedRow>(grant, [
    owner,
    batch.id,
    batch.fence,
    numberArray(ids),
    terms.leaseMs,
    terms.guardMs,
  ]);
  if (!row) return undefined;
  const leaseMs = row.ids.length > 0 ? terms.leaseMs : null;
  return { ...row, ids: new Set(row.ids), leaseMs, slotless: new Set(row.slotless) };
}
