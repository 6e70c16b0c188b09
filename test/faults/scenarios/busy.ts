import type { Stage } from '../stage.js';

const MESSAGES = 8_000;
const BATCHES_FOR_ALL = 32;

/** Puts enough to do before everyone: four mailings, and a provider that takes its time. */
export async function busy(stage: Stage): Promise<void> {
  await keepBusy(stage, 4, 15);
}

/**
 * Puts enough before everyone for a dispatcher that comes back to have its share, until {@link hurry}. A dispatcher
 * leases four batches at a time, and what the dead had leased waits: so there are many small ones, of a mailing
 * each, and a provider with which the others alone don't send them all meanwhile.
 */
export async function busyForLong(stage: Stage): Promise<void> {
  await keepBusy(stage, BATCHES_FOR_ALL, 60);
}

/** Says that somebody who came back was seen to send again, and has the rest sent fast. */
export async function hurry(stage: Stage): Promise<void> {
  stage.expect(stage.ownRecoveries > 0, 'nothing was left to send for anybody who came back');
  await stage.provider.adjust({ latencyMs: 5, jitterMs: 0 });
}

async function keepBusy(stage: Stage, mailings: number, latencyMs: number): Promise<void> {
  await stage.behave({ latencyMs, jitterMs: 10 });
  await stage.load.clients(stage.amount(MESSAGES / mailings), { tags: ['all'] });
  for (let nth = 0; nth < mailings; nth += 1) await stage.load.mailing({ audience: { tags: ['all'] } });
  await stage.received(200);
}
