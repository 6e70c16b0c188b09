import { until } from '../../support/until.js';
import type { Breach } from '../invariant.js';
import type { Ledger } from '../ledger.js';
import type { FaultWorld } from '../world/fault-world.js';
import { checkDoubling, checkTruth, measureDoubling, type Doubling } from './acceptance-check.js';
import { type Check, gatherEvidence } from './evidence.js';
import { checkFinal, checkOneEach, countLost } from './messages-check.js';
import { checkAttempts, checkBackOff, checkBreaker, checkSameBody } from './request-check.js';
import { checkStatistics } from './statistics-check.js';
import { checkInTime, checkStopped } from './timing-check.js';

const checks: readonly Check[] = [
  checkOneEach,
  checkFinal,
  checkTruth,
  checkDoubling,
  checkInTime,
  checkStopped,
  checkSameBody,
  checkBreaker,
  checkBackOff,
  checkAttempts,
];

export interface Findings extends Doubling {
  breaches: Breach[];
  messages: number;
  lost: number;
}

/** Waits until every mailing is over, or `settleMs` have passed, and holds record and database against the ledger. */
export async function check(
  world: FaultWorld,
  ledger: Ledger,
  options: { deduplicates: boolean; settleMs: number },
): Promise<Findings> {
  // What is not over by then is a finding of its own.
  await whenOver(world, ledger, options.settleMs).catch(() => undefined);
  const evidence = await gatherEvidence(world, ledger, options.deduplicates);
  return {
    ...measureDoubling(evidence),
    breaches: [...checks.flatMap((one) => one(evidence)), ...(await checkStatistics(world, evidence))],
    messages: evidence.messages.length,
    lost: countLost(evidence),
  };
}

async function whenOver(world: FaultWorld, ledger: Ledger, withinMs: number): Promise<void> {
  await until(
    'every mailing is over',
    async () => {
      const rows = await world.query<{ id: number }>(
        `SELECT id FROM mailings m WHERE finished_at IS NOT NULL
         AND NOT EXISTS (SELECT FROM batches b WHERE b.mailing_id = m.id AND b.state <> 'done')`,
      );
      const over = new Set(rows.map(({ id }) => id));
      return [...ledger.mailings.keys()].every((id) => over.has(id));
    },
    withinMs,
    100,
  );
}
