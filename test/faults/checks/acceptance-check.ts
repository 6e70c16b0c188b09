import type { Received } from '../../support/provider.js';
import type { Breach } from '../invariant.js';
import type { LedgerResolution } from '../ledger.js';
import { some, type Check, type Evidence } from './evidence.js';
import { groupBy } from './grouping.js';

const reached = new Set(['sent', 'delivered', 'undelivered']);
const maybeReached = new Set([...reached, 'unknown']);

/** Faults after which the sender can't know whether it was accepted, whatever status went out. */
const doubtful = new Set([
  'acceptThenStatus',
  'acceptThenHang',
  'hang',
  'html',
  'wrongBody',
  'brokenEncoding',
  'drip',
  'slow',
  'resetBeforeBody',
  'resetAfterBody',
]);

/**
 * Whether the answer to a request leaves open if it was accepted. A slow one does when it outlasts a request's
 * time, and so does one that was not given at all: the provider had closed the connection meanwhile.
 */
export function isAmbiguous({ fault, status }: Received): boolean {
  if (status === null) return true;
  if (fault === null) return false;
  return doubtful.has(fault) || (fault === 'status' && (status >= 500 || status === 408));
}

/**
 * Closings of kept connections that may have taken along a request which is in no record: it was written when the
 * provider no longer read. That is one at most, as each waits for the answer before it; and none where one that
 * came after the closing is in the record.
 */
function silentClosings(requests: readonly Received[]): number {
  const last = new Map(requests.map((row) => [row.connection, row]));
  return [...last.values()].filter(({ fault }) => fault === 'closeIdle').length;
}

const isAcceptance = ({ outcome }: Received) => outcome === 'accepted';
/** It was told in clear words that the message is there, by this request or by one before. */
const isClearAcceptance = (row: Received) =>
  (isAcceptance(row) || row.outcome === 'duplicate') && !isAmbiguous(row);

/** Whether a status can be that of a message which was accepted or not, and which a person may have judged. */
function isTrue(status: string, accepted: boolean, word: LedgerResolution['as'] | undefined): boolean {
  if (word === 'sent') return reached.has(status);
  // What the provider is heard to have taken after all is sent, whoever said otherwise.
  if (word === 'failed') return status === 'failed' || (accepted && reached.has(status));
  return accepted ? maybeReached.has(status) : !reached.has(status);
}

/** `truth`: status, record, and what a person decided last tell the same story of each message. */
export const checkTruth: Check = ({ messages, messageOf, requestsOf, requests, resolutionsOf }) => {
  const breaches: string[] = [];
  const wrong = messages.filter(({ id, status }) => {
    const accepted = requestsOf.get(id)?.some(isAcceptance) ?? false;
    return !isTrue(status, accepted, resolutionsOf.get(id)?.at(-1)?.as);
  });
  const tell = ({ id, status }: (typeof wrong)[number]) => {
    const word = resolutionsOf.get(id)?.at(-1)?.as;
    const accepted = requestsOf.get(id)?.some(isAcceptance);
    return `${id} is ${status} and was ${accepted ? '' : 'not '}accepted${word ? `, and resolved as ${word}` : ''}`;
  };
  if (wrong.length > 0) breaches.push(some(wrong, tell));
  const foreign = requests.filter(({ id }) => !messageOf.has(id));
  if (foreign.length > 0) breaches.push(`requests of no message, ${some(foreign, ({ id }) => String(id))}`);
  return breaches.map((figures) => ({ invariant: 'truth', figures }));
};

export interface Doubling {
  /** Acceptances beyond the first of each id. */
  duplicates: number;
  duplicatesAllowed: number;
  /** Messages that ended `unknown`. */
  held: number;
  heldAllowed: number;
  /** Duplicates in mailings that hold what is in doubt, but for those that a person has sent again: there must be none. */
  duplicatesInHold: number;
}

/** How many were doubled and held, and how many may be. */
export function measureDoubling({ ledger, requestsOf, requests, messages, ...evidence }: Evidence): Doubling {
  const isRisk = ({ messageId, as, askedAt }: LedgerResolution) =>
    as === 'resend' && requestsOf.get(messageId)?.some((row) => isAcceptance(row) && row.at <= askedAt);
  const risks = groupBy(ledger.resolutions.filter(isRisk), ({ messageId }) => messageId);
  const atOwnRisk = (id: number) => risks.get(id)?.length ?? 0;
  const holding = new Set(
    messages.filter((one) => ledger.mailings.get(one.mailingId)?.onAmbiguous === 'hold').map(({ id }) => id),
  );
  let [duplicates, duplicatesInHold] = [0, 0];
  for (const [id, rows] of requestsOf) {
    const again = Math.max(0, rows.filter(isAcceptance).length - 1);
    duplicates += again;
    if (holding.has(id)) duplicatesInHold += Math.max(0, again - atOwnRisk(id));
  }
  const ambiguous = requests.filter(isAmbiguous);
  const toHold = ambiguous.filter(({ id }) => holding.has(id));
  // One that is sent again may still be in doubt when its mailing ends, its attempts are used up or its key is
  // forgotten; never once it was clearly taken.
  const neverClear = new Set(
    ambiguous
      .map(({ id }) => id)
      .filter((id) => !holding.has(id) && !requestsOf.get(id)?.some(isClearAcceptance)),
  );
  const sentAgain = ambiguous.filter((row) => isAcceptance(row) && !holding.has(row.id));
  return {
    duplicates,
    duplicatesAllowed: evidence.deduplicates
      ? 0
      : ledger.doubts +
        sentAgain.length +
        ledger.resolutions.filter(isRisk).length +
        ledger.allowed('duplicates'),
    held: messages.filter(({ status }) => status === 'unknown').length,
    heldAllowed:
      ledger.doubts + toHold.length + neverClear.size + silentClosings(requests) + ledger.allowed('held'),
    duplicatesInHold,
  };
}

/** `duplicates` and `held`: both within what the faults and the ambiguous answers explain. */
export const checkDoubling: Check = (evidence) => {
  const { duplicates, duplicatesAllowed, held, heldAllowed, duplicatesInHold } = measureDoubling(evidence);
  const breaches: Breach[] = [];
  if (duplicates > duplicatesAllowed) {
    breaches.push({ invariant: 'duplicates', figures: `${duplicates}, allowed ${duplicatesAllowed}` });
  }
  if (duplicatesInHold > 0) {
    breaches.push({
      invariant: 'duplicates',
      figures: `${duplicatesInHold} where doubts are held, allowed 0`,
    });
  }
  if (held > heldAllowed) breaches.push({ invariant: 'held', figures: `${held}, allowed ${heldAllowed}` });
  return breaches;
};
