import type { Received } from '../../support/provider.js';
import { until } from '../../support/until.js';
import type { Stage } from '../stage.js';

/** Enough to do for three short outages. */
export async function someToSend(stage: Stage): Promise<void> {
  await stage.behave({ latencyMs: 15, jitterMs: 10 });
  await stage.load.clients(1_500);
  for (let nth = 0; nth < 3; nth += 1) await stage.load.mailing();
  await stage.received(100);
}

/** What a probe may take beyond the 5 s of a recovery. */
export const probeDeadline = (stage: Stage) => ({
  ms: Number(stage.world.settings['PROBE_TIMEOUT_MS']),
  why: "the probe's own deadline",
});

/** Waits until some dispatcher has taken the provider for down, and said so to all. */
export async function breakerOpens(stage: Stage): Promise<void> {
  await until('the breaker is open', async () => (await breakerState(stage)) !== 'closed', 20_000, 20);
}

/** Waits until a probe was answered. */
export async function breakerCloses(stage: Stage): Promise<void> {
  await until('the breaker is closed', async () => (await breakerState(stage)) === 'closed', 20_000, 20);
}

/** How often the breaker has changed, or changed to one state. */
export async function breakerChanges(stage: Stage, to?: 'open' | 'half_open' | 'closed'): Promise<number> {
  const [row] = await stage.world.query<{ changes: number }>(
    `SELECT count(*)::int AS changes FROM fault_suite_breaker WHERE $1::text IS NULL OR state::text = $1`,
    [to ?? null],
  );
  return row?.changes ?? 0;
}

async function breakerState(stage: Stage): Promise<string | undefined> {
  const [row] = await stage.world.query<{ state: string }>(
    'SELECT breaker::text AS state FROM providers WHERE id = 1',
  );
  return row?.state;
}

/** Waits until what was on the wire is recorded or given back: nothing is granted and unrecorded any more. */
export async function nothingOnTheWire(stage: Stage): Promise<void> {
  await until(
    'no batch is leased',
    async () => (await stage.world.query(`SELECT FROM batches WHERE state = 'leased' LIMIT 1`)).length === 0,
    20_000,
  );
}

/** Every version of every waiting message: equal as long as none of their rows is rewritten. */
export async function waitingRows(stage: Stage): Promise<string> {
  const [row] = await stage.world.query<{ rows: string }>(
    `SELECT count(*) || ' ' || coalesce(md5(string_agg(id || ':' || xmin, ',' ORDER BY id)), '') AS rows
     FROM messages WHERE status = 'pending'`,
  );
  return row?.rows ?? '';
}

/** Says that no message was given up, and none counts more than so many attempts besides the one that was accepted. */
export async function expectNothingBurned(stage: Stage, most = 0): Promise<void> {
  const [row] = await stage.world.query<{ given: number; burned: number }>(
    `SELECT count(*) FILTER (WHERE status IN ('failed', 'expired', 'unknown'))::int AS given,
       coalesce(max(attempts - (status = 'sent')::int), 0)::int AS burned FROM messages`,
  );
  stage.expect(row?.given === 0, `${row?.given} messages were given up or held`);
  stage.expect((row?.burned ?? 0) <= most, `a message counts ${row?.burned} attempts that were not accepted`);
}

/** The most requests that arrived in any window of so many milliseconds. */
export function busiest(requests: readonly Received[], windowMs: number): number {
  const times = requests.map(({ at }) => at).toSorted((a, b) => a - b);
  let [most, first] = [0, 0];
  for (const [last, at] of times.entries()) {
    while ((times[first] ?? at) <= at - windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
