import type { Received } from '../../support/provider.js';
import { until } from '../../support/until.js';
import type { LedgerMailing } from '../ledger.js';
import type { Stage } from '../stage.js';

/** Milliseconds that may pass without a request to a healthy number that is due. */
const LONGEST_GAP = 500;
/** Milliseconds that no machine is busy for: so long a pause is a fault, and is not played once more. */
const NO_BUSY_MACHINE = 2_000;

/** Sends to everyone twice, without trouble and with it, and compares how long the healthy ones took. */
export async function expectNearlyAsFast(
  stage: Stage,
  bad: ReadonlySet<number>,
  trouble: object[],
): Promise<void> {
  const timed = async (faults: object[], endsInMs: number) => {
    await stage.provider.adjust({ faults });
    const madeAt = Date.now();
    const mailing = await stage.load.mailing({ endsInMs });
    return { mailing, took: (await healthySent(stage, mailing, bad)) - madeAt };
  };
  const { took: without } = await timed([], 60_000);
  const { mailing, took: withThem } = await timed(trouble, 30_000);
  stage.notes.push(`${without} ms without bad numbers, ${withThem} ms with them`);
  stage.expectPace(
    withThem <= 1.5 * without + 1_000,
    `${withThem} ms with bad numbers, ${without} ms without`,
  );
  await expectTold(stage, mailing, bad);
}

/** Waits until the healthy messages of a mailing are sent, and returns when the last was received. */
export async function healthySent(
  stage: Stage,
  mailing: LedgerMailing,
  bad: ReadonlySet<number>,
): Promise<number> {
  await until(
    'everyone else is sent to',
    async () => {
      const [row] = await stage.world.query<{ sent: number; left: number }>(
        `SELECT count(*) FILTER (WHERE status = 'sent')::int AS sent,
           count(*) FILTER (WHERE status <> 'sent')::int AS left
         FROM messages WHERE mailing_id = $1 AND phone <> ALL ($2)`,
        [mailing.id, [...bad]],
      );
      return row !== undefined && row.sent > 0 && row.left === 0;
    },
    60_000,
    20,
  );
  return Math.max(...(await healthyRequests(stage, mailing, bad)).map(({ at }) => at));
}

async function healthyRequests(
  stage: Stage,
  { text }: LedgerMailing,
  bad: ReadonlySet<number>,
): Promise<Received[]> {
  return (await stage.provider.received()).filter((row) => row.text === text && !bad.has(row.phone));
}

/**
 * Sends to a few others until each dispatcher has sent: what a process takes for the very first request of its life is
 * not judged here.
 */
export async function warmUp(stage: Stage): Promise<void> {
  await stage.load.clients(20, { tags: ['first'] });
  const accepted = () => Promise.all(stage.world.dispatchers.map((dispatcher) => dispatcher.accepted()));
  do await stage.completed(await stage.load.mailing({ audience: { tags: ['first'] } }));
  while ((await accepted()).includes(0));
}

/** No long pause until the first request to those who have no trouble of their own, nor between those. */
export async function expectNoGap(
  stage: Stage,
  mailing: LedgerMailing,
  bad: ReadonlySet<number>,
  madeAt: number,
): Promise<void> {
  const requests = await healthyRequests(stage, mailing, bad);
  const at = [madeAt, ...requests.map((row) => row.at)].toSorted((a, b) => a - b);
  const gaps = at.slice(1).map((instant, index) => instant - (at[index] ?? instant));
  const longest = Math.max(0, ...gaps);
  stage.notes.push(`longest pause ${longest} ms`);
  const told = `${longest} ms passed without a request to a healthy number`;
  stage.expectPace(longest < LONGEST_GAP, told);
  stage.expect(longest < NO_BUSY_MACHINE, told);
}

interface InTrouble {
  phone: number;
  status: string;
  attempts: number;
  throttles: number;
  refusals: number;
  error: string | null;
}

/**
 * Those in trouble have ended, or wait, and say why. Some of their answers proved to be their own; each refusal that
 * did is an attempt, while a 429 is only from the third on.
 */
export async function expectTold(
  stage: Stage,
  { id }: LedgerMailing,
  bad: ReadonlySet<number>,
): Promise<void> {
  const rows = await stage.world.query<InTrouble>(
    `SELECT phone, status::text, attempts::int, own_throttles::int AS throttles, own_refusals::int AS refusals,
       last_error AS error
     FROM messages WHERE mailing_id = $2 AND phone = ANY ($1)`,
    [[...bad], id],
  );
  const untold = rows.filter(
    ({ status, error }) => !['pending', 'failed', 'unknown'].includes(status) || error === null,
  );
  stage.expect(rows.length >= bad.size && untold.length === 0, `not told: ${JSON.stringify(untold)}`);
  const own = rows.filter(({ throttles, refusals }) => throttles + refusals > 0);
  stage.notes.push(`the answers of ${own.length} of ${rows.length} proved to be their own`);
  stage.expect(own.length > 0, 'no answer of theirs proved to be their own');
  const uncounted = rows.filter(({ attempts, refusals }) => attempts < Math.min(refusals, 1));
  stage.expect(uncounted.length === 0, `refused and not counted: ${JSON.stringify(uncounted)}`);
}
