import { Injectable } from '@nestjs/common';
import { Sql, type Statement } from '#libs/database';
import type { BreakerState } from '#libs/providers/breaker';

export interface ProviderRow {
  id: number;
  name: string;
  rateLimit: number | null;
  keyLifetimeSeconds: number | null;
  state: BreakerState;
  reason: string | null;
  openedAt: Date | null;
  retryAt: Date | null;
}

const columns = `
  id::int, name, rate_limit AS "rateLimit", extract(epoch FROM key_lifetime)::float8 AS "keyLifetimeSeconds",
  breaker AS state, reason, opened_at AS "openedAt", retry_at AS "retryAt"`;

const list: Statement = {
  name: 'list-providers',
  text: `SELECT ${columns} FROM providers WHERE id > $1::bigint ORDER BY id LIMIT $2`,
};

const find: Statement = {
  name: 'find-provider',
  text: `SELECT ${columns} FROM providers WHERE id = $1::bigint`,
};

/** A value counts if it is given, null too. */
const update: Statement = {
  name: 'update-provider',
  text: `
    UPDATE providers SET
      rate_limit = CASE WHEN $2 THEN $3::integer ELSE rate_limit END,
      key_lifetime = CASE WHEN $4 THEN make_interval(secs => $5::float8) ELSE key_lifetime END
    WHERE id = $1::bigint
    RETURNING ${columns}`,
};

/** Reads providers and changes their terms; the breaker is the dispatchers' to change. */
@Injectable()
export class ProviderStore {
  constructor(private readonly sql: Sql) {}

  /** The next `count` providers after the id `after`. */
  list(after: number, count: number): Promise<ProviderRow[]> {
    return this.sql.query(list, [after, count]);
  }

  async find(id: number): Promise<ProviderRow | undefined> {
    return (await this.sql.query<ProviderRow>(find, [id]))[0];
  }

  /** Changes what is given; a null takes the limit away, or makes ids known for ever. */
  async update(
    id: number,
    { rateLimit, keyLifetimeSeconds }: { rateLimit?: number | null; keyLifetimeSeconds?: number | null },
  ): Promise<ProviderRow | undefined> {
    const [row] = await this.sql.query<ProviderRow>(update, [
      id,
      rateLimit !== undefined,
      rateLimit ?? null,
      keyLifetimeSeconds !== undefined,
      keyLifetimeSeconds ?? null,
    ]);
    return row;
  }
}
