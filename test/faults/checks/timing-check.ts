import type { Received } from '../../support/provider.js';
import { WallClock, type OpenSpan } from '../../support/window-oracle.js';
import { inForce, type Ledger, type LedgerMailing } from '../ledger.js';
import { some, type Check, type Evidence } from './evidence.js';

const MINUTE = 60_000;
/** Milliseconds in which a request that had left before a stop was confirmed may still arrive. */
const ON_ITS_WAY = 250;

interface Placed {
  request: Received;
  mailing: LedgerMailing;
  timezone: string;
}

/** `in-time`: no request before the start, at or after the end, or outside the window of its client. */
export const checkInTime: Check = (evidence) => {
  const { ledger } = evidence;
  const oracle = new WindowOracle(ledger, evidence.requests);
  const early: Received[] = [];
  const late: Received[] = [];
  const outside: Placed[] = [];
  for (const placed of place(evidence)) {
    const { request, mailing, timezone } = placed;
    const at = ledger.databaseTime(request.at);
    if (at < mailing.startAt) early.push(request);
    if (inForce(mailing.ends, request.at).every((endAt) => at >= endAt)) late.push(request);
    if (mailing.window && !oracle.isOpen(timezone, mailing.window, at)) outside.push(placed);
  }
  const breaches: string[] = [];
  const when = ({ id, at }: Received) => `${id} at ${new Date(ledger.databaseTime(at)).toISOString()}`;
  if (early.length > 0) breaches.push(`before the start, ${some(early, when)}`);
  if (late.length > 0) breaches.push(`after the end, ${some(late, when)}`);
  if (outside.length > 0) {
    breaches.push(
      `outside the window, ${some(outside, ({ request, timezone }) => `${when(request)} in ${timezone}`)}`,
    );
  }
  return breaches.map((figures) => ({ invariant: 'in-time', figures }));
};

/** `stopped`: a stop that every dispatcher confirmed holds until a resumption is asked for. */
export const checkStopped: Check = (evidence) => {
  const sent = place(evidence).filter(({ request: { at }, mailing }) =>
    [at - ON_ITS_WAY, at].every((when) =>
      inForce(mailing.controls, when).every((state) => state === 'stopped'),
    ),
  );
  if (sent.length === 0) return [];
  const tell = ({ request, mailing }: Placed) => `${request.id} of mailing ${mailing.id}`;
  return [{ invariant: 'stopped', figures: some(sent, tell) }];
};

/** Each request with what the ledger has about its mailing and its client. */
function place({ requests, messageOf, ledger }: Evidence): Placed[] {
  return requests.flatMap((request) => {
    const message = messageOf.get(request.id);
    const mailing = message && ledger.mailings.get(message.mailingId);
    const client = message && ledger.clients.get(message.clientId);
    return mailing && client ? [{ request, mailing, timezone: client.timezone }] : [];
  });
}

/** Looks at what a clock on the wall reads, minute by minute; see test/support/window-oracle.ts. */
class WindowOracle {
  private readonly spans = new Map<string, OpenSpan[]>();
  private readonly from: number;
  private readonly until: number;

  constructor(ledger: Ledger, requests: readonly Received[]) {
    const instants = requests.map(({ at }) => ledger.databaseTime(at));
    this.from = Math.floor(instants.reduce((a, b) => Math.min(a, b), Infinity) / MINUTE) * MINUTE;
    this.until = Math.floor(instants.reduce((a, b) => Math.max(a, b), 0) / MINUTE + 1) * MINUTE;
  }

  isOpen(timezone: string, window: { from: string; to: string }, at: number): boolean {
    const key = `${timezone} ${window.from} ${window.to}`;
    let spans = this.spans.get(key);
    if (!spans) {
      spans = new WallClock(timezone, this.from, this.until).openSpans(window);
      this.spans.set(key, spans);
    }
    return spans.some(({ opensAt, closesAt }) => opensAt <= at && at < closesAt);
  }
}
