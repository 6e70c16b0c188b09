import { groupBy } from './grouping.js';
import { some, type Check, type MessageRow } from './evidence.js';

/** `one-each`: the messages of a mailing are its audience's, one for each client. */
export const checkOneEach: Check = ({ ledger, messages }) => {
  const breaches: string[] = [];
  const byMailing = groupBy(messages, ({ mailingId }) => mailingId);
  for (const { id, targets } of ledger.mailings.values()) {
    const own = byMailing.get(id) ?? [];
    const seen = new Map<number, number>();
    for (const { clientId } of own) seen.set(clientId, (seen.get(clientId) ?? 0) + 1);
    const missing = [...targets].filter((client) => !seen.has(client));
    const doubled = [...seen].filter(([, times]) => times > 1).map(([client]) => client);
    const foreign = [...seen.keys()].filter((client) => !targets.has(client));
    if (missing.length > 0)
      breaches.push(`mailing ${id}: clients without a message, ${some(missing, String)}`);
    if (doubled.length > 0) breaches.push(`mailing ${id}: clients with two, ${some(doubled, String)}`);
    if (foreign.length > 0) breaches.push(`mailing ${id}: clients outside, ${some(foreign, String)}`);
  }
  const strange = [...byMailing.keys()].filter((id) => !ledger.mailings.has(id));
  if (strange.length > 0) breaches.push(`messages of mailings that nobody created, ${some(strange, String)}`);
  return breaches.map((figures) => ({ invariant: 'one-each', figures }));
};

/** `final`: nothing is left to do, and nobody holds anything. */
export const checkFinal: Check = ({ ledger, messages, mailings, batches }) => {
  const breaches: string[] = [];
  const pending = messages.filter(({ status }) => status === 'pending');
  if (pending.length > 0) breaches.push(`messages still pending, ${some(pending, describe)}`);
  const known = new Map(mailings.map((mailing) => [mailing.id, mailing]));
  const open = [...ledger.mailings.keys()].filter((id) => {
    const mailing = known.get(id);
    return !mailing?.finished || !['completed', 'cancelled'].includes(mailing.status);
  });
  if (open.length > 0) {
    breaches.push(
      `mailings not over, ${some(open, (id) => `${id} ${known.get(id)?.status ?? 'is missing'}`)}`,
    );
  }
  if (batches.length > 0) {
    breaches.push(
      `batches, ${some(batches, (one) => `${one.count} ${one.state} of mailing ${one.mailingId}`)}`,
    );
  }
  return breaches.map((figures) => ({ invariant: 'final', figures }));
};

/** Clients that got nothing and of whom nothing is known: what must be 0 whatever happens. */
export const countLost = (evidence: Parameters<Check>[0]): number => {
  const { ledger, messages, requestsOf, resolutionsOf } = evidence;
  const known = new Set(messages.map(({ mailingId, clientId }) => `${mailingId}/${clientId}`));
  const unplanned = [...ledger.mailings.values()].flatMap(({ id, targets }) =>
    [...targets].filter((client) => !known.has(`${id}/${client}`)),
  );
  const unsent = messages.filter(
    ({ id, status }) =>
      status === 'pending' ||
      (status === 'sent' &&
        resolutionsOf.get(id)?.at(-1)?.as !== 'sent' &&
        !requestsOf.get(id)?.some(({ outcome }) => outcome === 'accepted')),
  );
  return unplanned.length + unsent.length;
};

function describe({ id, mailingId }: MessageRow): string {
  return `${id} of mailing ${mailingId}`;
}
