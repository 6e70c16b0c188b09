import type { Breach } from '../invariant.js';
import type { FaultWorld } from '../world/fault-world.js';
import type { Evidence } from './evidence.js';
import { groupBy } from './grouping.js';

interface Statistics {
  total: number;
  byStatus: Record<string, number>;
}

/** `counters`: what the API tells at rest is what a recount of the rows tells, mailing by mailing and in all. */
export async function checkStatistics(world: FaultWorld, evidence: Evidence): Promise<Breach[]> {
  const breaches: Breach[] = [];
  const compare = async (path: string, rows: Evidence['messages']) => {
    const { body } = await world.rest.get<Statistics>(path);
    const told = Object.entries(body.byStatus).filter(([, count]) => count !== 0);
    const recount = groupBy(rows, ({ status }) => status);
    const same =
      told.length === recount.size &&
      told.every(([status, count]) => recount.get(status)?.length === count) &&
      body.total === rows.length;
    if (same) return;
    const counted = [...recount].map(([status, { length }]) => `${status} ${length}`).join(', ');
    breaches.push({
      invariant: 'counters',
      figures: `${path} tells ${body.total} ${JSON.stringify(body.byStatus)}, the rows are ${counted}`,
    });
  };
  await compare('/v1/statistics', evidence.messages);
  for (const id of evidence.ledger.mailings.keys()) {
    await compare(
      `/v1/mailings/${id}/statistics`,
      evidence.messages.filter(({ mailingId }) => mailingId === id),
    );
  }
  return breaches;
}
