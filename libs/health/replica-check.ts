import type { ReadSql, Sql, Statement } from '#libs/database';
import type { HealthCheck } from './check.js';

/** From where on somebody should look why the replica is behind. The bytes keep the first commit of a quiet hour out. */
const LONG_BEHIND_SECONDS = 60;
const MUCH_BEHIND_BYTES = 65_536;

interface Lag {
  /** 0 when it has all; null where that can't be told, as of a copy that is no replica. */
  behindBytes: number | null;
  /** The age of the last commit that it has. */
  behindSeconds: number | null;
}

const written: Statement = { name: 'health-written', text: 'SELECT pg_current_wal_lsn()::text AS position' };

/** Outside of recovery the positions of two servers have nothing to do with each other. */
const replayed: Statement = {
  name: 'health-replayed',
  text: `
    WITH replica AS (
      SELECT greatest(0, pg_wal_lsn_diff($1::pg_lsn, pg_last_wal_replay_lsn()))::float8 AS bytes
      WHERE pg_is_in_recovery()
    )
    SELECT bytes AS "behindBytes", CASE WHEN bytes > 0 THEN
      round(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 1)::float8
      ELSE bytes END AS "behindSeconds"
    FROM (SELECT) AS one LEFT JOIN replica ON true`,
};

/** Whether the replica that lists and statistics are read from answers, and how old they are. None without one. */
export function replicaChecks(sql: Sql, { replica }: ReadSql): HealthCheck[] {
  if (!replica) return [];
  const check: HealthCheck = {
    name: 'readReplica',
    essential: false,
    look: async () => {
      // The primary's own absence is told by its own check.
      const [position] = await sql.query<{ position: string }>(written).catch(() => []);
      const [lag] = await replica.query<Lag>(replayed, [position?.position]).catch((error: unknown) => {
        throw new Error(`Lists and statistics cannot be served: ${reasonOf(error)}.`);
      });
      const { behindBytes = null, behindSeconds = null } = lag ?? {};
      const found = { behindBytes, behindSeconds };
      if ((behindBytes ?? 0) < MUCH_BEHIND_BYTES || (behindSeconds ?? 0) < LONG_BEHIND_SECONDS) {
        return { status: 'up', ...found };
      }
      return {
        status: 'degraded',
        class: 'behind',
        message: `The replica is behind: lists and statistics are ${behindSeconds} s old.`,
        ...found,
      };
    },
  };
  return [check];
}

/** A name with several addresses is refused with several errors and no message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
