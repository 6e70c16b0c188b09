import type { Received } from '../../support/provider.js';
import { isAmbiguous } from './acceptance-check.js';
import { some, type BreakerChange, type Check, type Evidence } from './evidence.js';
import { groupBy } from './grouping.js';

/** Milliseconds by which two clocks that are read one after the other may seem to run backwards. */
const CLOCK_GRAIN = 5;

/** What is logged for a message that was taken over from a dispatcher that fell silent. */
const TAKEN_OVER = 'the dispatcher stopped while this was being sent';

/** `same-body`: phone and text are those of the message's client and mailing, in every request. */
export const checkSameBody: Check = ({ requests, messageOf, ledger }) => {
  const wrong = requests.filter(({ id, phone, text, outcome, fault }) => {
    const message = messageOf.get(id);
    // Where the body was not read there is nothing to compare.
    if (!message || fault === 'resetBeforeBody') return false;
    const client = ledger.clients.get(message.clientId);
    const mailing = ledger.mailings.get(message.mailingId);
    return outcome === 'malformed' || phone !== client?.phone || text !== mailing?.text;
  });
  if (wrong.length === 0) return [];
  const tell = ({ id, phone, text, outcome }: Received) =>
    `${id} ${outcome} ${phone} ${JSON.stringify(text)}`;
  return [{ invariant: 'same-body', figures: some(wrong, tell) }];
};

/** `breaker`: while it is open, one request for each turn to probe, and while that turn lasts. */
export const checkBreaker: Check = ({ breaker, requests, ledger }) => {
  const breaches: string[] = [];
  for (let index = 0; index < breaker.length; index += 1) {
    const opening = breaker[index];
    const wasClosed = index === 0 || breaker[index - 1]?.state === 'closed';
    if (opening?.state !== 'open' || !wasClosed) continue;
    const closing = breaker.findIndex(({ state }, later) => later > index && state === 'closed');
    const turns = turnsToProbe(breaker.slice(index, closing < 0 ? undefined : closing + 1));
    const from = opening.at + ledger.breakerGraceMs + CLOCK_GRAIN;
    const until = breaker[closing]?.at ?? Infinity;
    const sent = requests.filter(({ at }) => at > from && at < until - CLOCK_GRAIN);
    const unexcused = sent.filter(({ at }) => {
      const own = turns.findIndex((turn) => at >= turn.from && at <= turn.until);
      if (own >= 0) turns.splice(own, 1);
      return own < 0;
    });
    if (unexcused.length > 0) {
      const since = ({ id, at }: Received) => `${id} after ${Math.round(at - opening.at)} ms`;
      breaches.push(`requests while it was open, and in nobody's turn to probe, ${some(unexcused, since)}`);
    }
  }
  return breaches.map((figures) => ({ invariant: 'breaker', figures }));
};

/** Each turn lasts until the breaker changes again, if only its owner does. */
function turnsToProbe(changes: readonly BreakerChange[]): { from: number; until: number }[] {
  return changes.flatMap(({ state, at }, index) =>
    state === 'half_open'
      ? [{ from: at - CLOCK_GRAIN, until: (changes[index + 1]?.at ?? Infinity) + CLOCK_GRAIN }]
      : [],
  );
}

/** `back-off`: at least a quarter of the base between an answer that asks for a retry and the retry. */
export const checkBackOff: Check = (evidence) => {
  const { requestsOf, requests, ledger, settings } = evidence;
  const shortest = Number(settings['BACKOFF_BASE_MS']) / 4;
  const hasty: string[] = [];
  for (const rows of requestsOf.values()) {
    for (const [index, next] of rows.entries()) {
      const before = rows[index - 1];
      if (!before || !asksForRetry(before) || wasInDoubt(evidence, before.at, next.at)) continue;
      if (wasResolved(evidence, next.id, before.at, next.at)) continue;
      const waited = next.at - before.at;
      if (waited < shortest - CLOCK_GRAIN) hasty.push(`${next.id} after ${waited} ms`);
    }
  }
  const { pauseAskedFor } = ledger;
  if (pauseAskedFor) {
    for (const { at: throttledAt, fault } of requests) {
      if (fault !== 'throttle') continue;
      const [from, until] = [
        throttledAt + ledger.breakerGraceMs,
        throttledAt + pauseAskedFor.ms - CLOCK_GRAIN,
      ];
      const sooner = requests.filter(({ at }) => at > from && at < until);
      if (sooner.length <= pauseAskedFor.probes) continue;
      hasty.push(...sooner.map(({ id, at }) => `${id} ${at - throttledAt} ms after a Retry-After`));
    }
  }
  return hasty.length === 0 ? [] : [{ invariant: 'back-off', figures: some(hasty, String) }];
};

/**
 * `attempts`: an attempt with an answer was really answered so, none is counted that nobody made, what a person
 * decided is logged once, and no more is taken over than those who died may have had on the wire.
 */
export const checkAttempts: Check = ({ ledger, attempts, messages, requestsOf, resolutionsOf }) => {
  const wrong: string[] = [];
  const logged = groupBy(attempts, ({ messageId }) => messageId);
  for (const { id, status, attempts: counted } of messages) {
    const requests = requestsOf.get(id) ?? [];
    const log = logged.get(id) ?? [];
    const unanswered = log.filter(({ httpStatus }) => httpStatus === null).length;
    if (counted > requests.length + unanswered) {
      wrong.push(`${id} counts ${counted} of ${requests.length} requests`);
    }
    const resolved = log.filter(({ outcome }) => outcome === 'resolved').length;
    const decided = resolutionsOf.get(id)?.length ?? 0;
    if (resolved !== decided) wrong.push(`${id} logs ${resolved} decisions, and there were ${decided}`);
    if (status === 'sent' && counted === 0) wrong.push(`${id} is sent without an attempt`);
    for (const code of new Set(log.map(({ httpStatus }) => httpStatus))) {
      if (code === null) continue;
      const told = log.filter(({ httpStatus }) => httpStatus === code).length;
      const answered = requests.filter(({ status }) => status === code).length;
      if (told > answered) wrong.push(`${id} logs ${told} answers ${code}, and ${answered} were given`);
    }
  }
  const takenOver = attempts.filter(
    ({ outcome, httpStatus, error }) =>
      outcome === 'ambiguous' && httpStatus === null && error === TAKEN_OVER,
  );
  if (takenOver.length > ledger.doubts) {
    wrong.push(`${takenOver.length} were taken over in doubt, and ${ledger.doubts} may have been`);
  }
  return wrong.length === 0 ? [] : [{ invariant: 'attempts', figures: some(wrong, String) }];
};

function asksForRetry(request: Received): boolean {
  return request.fault === 'codeBody' || isAmbiguous(request);
}

/** Whether a dispatcher died or stood still meanwhile: what it had is sent again without having been answered. */
function wasInDoubt({ ledger }: Evidence, from: number, until: number): boolean {
  return ledger.faults.some(({ at, doubts }) => doubts > 0 && at >= from && at <= until);
}

/** Whether a person had it sent again meanwhile, which is done at once. */
function wasResolved({ resolutionsOf }: Evidence, id: number, from: number, until: number): boolean {
  return resolutionsOf.get(id)?.some(({ askedAt }) => askedAt >= from && askedAt <= until) ?? false;
}
