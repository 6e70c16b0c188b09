import { missingMigrations, Sql, type Statement } from '#libs/database';
import type { HealthCheck } from './check.js';

const ping: Statement = { name: 'health-ping', text: 'SELECT 1' };

/** Whether Postgres answers, and how fast. */
export function postgresCheck(sql: Sql): HealthCheck {
  return {
    name: 'postgres',
    essential: true,
    look: async () => {
      const startedAt = performance.now();
      await sql.query(ping);
      return { status: 'up', latencyMs: Math.round((performance.now() - startedAt) * 10) / 10 };
    },
  };
}

/** Whether the schema is as new as this code expects; a newer one is fine. */
export function migrationsCheck(sql: Sql): HealthCheck {
  return {
    name: 'migrations',
    essential: true,
    look: async () => {
      const missing = await missingMigrations(sql);
      if (missing.length === 0) return { status: 'up' };
      return {
        status: 'down',
        class: 'outdated',
        message: 'The database schema is older than this version: run the migrations.',
        missing,
      };
    },
  };
}
