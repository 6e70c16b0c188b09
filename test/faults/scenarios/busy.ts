import type { Stage } from '../stage.js';

/** Puts enough to do before everyone: four mailings, and a provider that takes its time. */
export async function busy(stage: Stage): Promise<void> {
  await stage.behave({ latencyMs: 15, jitterMs: 10 });
  await stage.load.clients(stage.amount(2_000), { tags: ['all'] });
  for (let nth = 0; nth < 4; nth += 1) await stage.load.mailing({ audience: { tags: ['all'] } });
  await stage.received(200);
}
