import { reclaimAbandonedBatches } from '#libs/queue/recover';
import { SILENCE, steadyJudge } from './queue-dispatcher.js';
import { setup, type QueueScenario } from './queue-scenario.js';

/** A default dispatcher's. */
export const reclaimTerms = { silenceMs: SILENCE, maxAttempts: 20 };

/** A batch of eight of which the first five were granted to a dispatcher that then fell silent. */
export async function aDeadDispatcher() {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing({ count: 8, endsIn: '1h' });
  const dead = await scenario.dispatcher();
  const batch = await dead.lease();
  if (!batch) throw new Error('Nothing could be leased');
  const all = await dead.waiting(batch);
  await dead.grant(batch, all.slice(0, 3));
  await dead.grant(batch, all.slice(3, 5));
  const reclaim = async (given: Partial<typeof reclaimTerms> = {}) =>
    reclaimAbandonedBatches(scenario.sql, await steadyJudge(scenario.sql), { ...reclaimTerms, ...given });
  const rows = () => scenario.messages(mailing);
  return { ...scenario, mailing, dead, batch, all, reclaim, rows };
}

/** When its lease is over and its silence long enough. */
export const later = ({ shiftClock }: Pick<QueueScenario, 'shiftClock'>) => shiftClock('31s');
