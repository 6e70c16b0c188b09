import type { Sql, Statement } from '#libs/database';
import { sending } from '#libs/mailings/status';
import { type HealthCheck, type HealthClass, healthClasses } from '#libs/health';
import { maskWords } from '#libs/masking';
import type { BreakerState } from '#libs/providers/breaker';
import { measureDueBacklog } from './measure-due-backlog.js';

/** Seconds for which a batch may wait before somebody should look why. */
const LONG_DUE = 60;

interface ProviderState {
  name: string;
  breaker: BreakerState;
  reason: string | null;
  retryAt: Date | null;
}

interface DispatcherState {
  id: string;
  host: string;
  pid: number;
  startedAt: Date;
  heartbeatAgeSeconds: number;
}

const providers: Statement = {
  name: 'health-providers',
  text: `SELECT p.name, p.breaker, p.reason, p.retry_at AS "retryAt" FROM providers p ORDER BY p.id`,
};

// What a failed probe put off by a second or two waits as well.
const waiting: Statement = {
  name: 'health-waiting',
  text: `
    SELECT EXISTS (
      SELECT FROM mailings m JOIN batches b ON b.mailing_id = m.id
      WHERE ${sending}
        AND b.state <> 'done' AND b.due_at <= (SELECT ems_now()) + interval '10 seconds'
    ) AS any`,
};

const dispatchers: Statement = {
  name: 'health-dispatchers',
  text: `
    WITH clock AS MATERIALIZED (SELECT ems_now() AS now)
    SELECT d.id, d.host, d.pid, d.started_at AS "startedAt",
      round(extract(epoch FROM clock.now - d.heartbeat_at), 1)::float8 AS "heartbeatAgeSeconds"
    FROM dispatchers d, clock
    WHERE d.heartbeat_at > clock.now - interval '10 seconds'
    ORDER BY d.started_at, d.id`,
};

/** What waits, whether the providers take messages, and who sends. */
export function queueChecks(sql: Sql): HealthCheck[] {
  return [
    {
      name: 'backlog',
      essential: false,
      look: async () => {
        const backlog = await measureDueBacklog(sql);
        if (backlog.oldestSeconds <= LONG_DUE) return { status: 'up', ...backlog };
        const message = `Messages have been due for ${Math.round(backlog.oldestSeconds)} s.`;
        return { status: 'degraded', class: 'late', message, ...backlog };
      },
    },
    {
      name: 'providers',
      essential: false,
      look: async () => {
        const rows = (await sql.query<ProviderState>(providers)).map(maskReason);
        const stopped = rows.filter((row) => row.breaker !== 'closed');
        if (stopped.length === 0) return { status: 'up', providers: rows };
        const found = { ...classOf(stopped[0]?.reason), providers: rows };
        const [due] = await sql.query<{ any: boolean }>(waiting);
        if (due?.any === false) {
          const message =
            'The circuit breaker is not closed, and no message is due as a probe. The next due message will be the probe.';
          return { status: 'up', message, ...found };
        }
        const message = `Sending is stopped: ${stopped.map((row) => `${row.name} (${row.reason})`).join(', ')}.`;
        return { status: 'degraded', message, ...found };
      },
    },
    {
      name: 'dispatchers',
      essential: false,
      look: async () => {
        const rows = await sql.query<DispatcherState>(dispatchers);
        const found = { count: rows.length, dispatchers: rows };
        if (rows.length > 0) return { status: 'up', ...found };
        const message = 'No dispatcher is alive, so nothing is sent.';
        return { status: 'degraded', class: 'none', message, ...found };
      },
    },
  ];
}

/** Reasons that earlier versions stored have the provider's words as they came. */
function maskReason(row: ProviderState): ProviderState {
  return { ...row, reason: row.reason === null ? null : maskWords(row.reason) };
}

/** The word before the colon, which is ours, of a reason such as `misconfigured: HTTP 401`. */
function classOf(reason: string | null | undefined): { class?: HealthClass } {
  const known = healthClasses.find((word) => reason?.startsWith(`${word}: `));
  return known === undefined ? {} : { class: known };
}
