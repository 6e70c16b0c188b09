/** A client as the suite created it. */
export interface LedgerClient {
  id: number;
  phone: number;
  tags: readonly string[];
  timezone: string;
  operatorCode: string | null;
}

export interface LedgerAudience {
  operatorCodes?: string[];
  tags?: string[];
  excludeTags?: string[];
  timezones?: string[];
}

/** A change of a mailing from its request to its answer; in between either state may be in force. Epoch ms. */
export interface Change<State> {
  askedAt: number;
  answeredAt: number;
  state: State;
}

/** A mailing as the suite created it, and what was done to it since. */
export interface LedgerMailing {
  id: number;
  text: string;
  audience: LedgerAudience;
  /** By the database's clock, epoch milliseconds. */
  startAt: number;
  window: { from: string; to: string } | undefined;
  onAmbiguous: 'resend' | 'hold';
  /** Clients that must have a message: those that matched when it was created. */
  targets: ReadonlySet<number>;
  /** Its ends, the first as it was created. */
  ends: Change<number>[];
  /** Stops that every dispatcher confirmed, and resumptions. */
  controls: Change<'stopped' | 'running'>[];
}

/** What a person decided about a message that was in doubt, and when. Epoch milliseconds. */
export interface LedgerResolution {
  messageId: number;
  as: 'sent' | 'resend' | 'failed';
  askedAt: number;
}

/** A fault that was injected. */
export interface InjectedFault {
  /** Epoch milliseconds. */
  at: number;
  what: string;
  /** Messages that it may put in doubt: `MAX_UNRECORDED` for a dispatcher that dies or loses its leases. */
  doubts: number;
}

interface Allowance {
  duplicates: number;
  held: number;
  why: string;
}

/**
 * What ought to be, kept by the suite alone: it asks neither the service nor its database. The audience is a
 * plain filter over an array.
 */
export class Ledger {
  readonly clients = new Map<number, LedgerClient>();
  readonly mailings = new Map<number, LedgerMailing>();
  readonly faults: InjectedFault[] = [];
  /** In the order in which they were asked for; each is carried out exactly once. */
  readonly resolutions: LedgerResolution[] = [];
  readonly allowances: Allowance[] = [];
  /** Milliseconds that the provider asks for by `Retry-After`, and the probes that may come sooner all the same. */
  pauseAskedFor: { ms: number; probes: number } | undefined;
  /** Milliseconds after the breaker's opening in which requests may still start; longer when NATS is away. */
  breakerGraceMs = 500;

  /** @param clockAheadMs by how much the database's clock is ahead of the real one */
  constructor(public clockAheadMs: number) {}

  /** What the database's clock says at an instant of the real one; both epoch milliseconds. */
  databaseTime(at: number): number {
    return at + this.clockAheadMs;
  }

  audienceOf({ operatorCodes, tags, excludeTags, timezones }: LedgerAudience): Set<number> {
    const matching = [...this.clients.values()].filter(
      (client) =>
        (!operatorCodes || (client.operatorCode !== null && operatorCodes.includes(client.operatorCode))) &&
        (!tags || tags.some((tag) => client.tags.includes(tag))) &&
        !excludeTags?.some((tag) => client.tags.includes(tag)) &&
        (!timezones || timezones.includes(client.timezone)),
    );
    return new Set(matching.map(({ id }) => id));
  }

  mailing(id: number): LedgerMailing {
    const mailing = this.mailings.get(id);
    if (!mailing) throw new Error(`There is no mailing ${id} in the ledger`);
    return mailing;
  }

  /** Messages that the injected faults may have put in doubt. */
  get doubts(): number {
    return this.faults.reduce((sum, { doubts }) => sum + doubts, 0);
  }

  allowed(what: 'duplicates' | 'held'): number {
    return this.allowances.reduce((sum, allowance) => sum + allowance[what], 0);
  }
}

/** The states that may have been in force at an instant: the last one answered before it, and those asked since. */
export function inForce<State>(changes: readonly Change<State>[], at: number): State[] {
  const last = changes.findLastIndex(({ answeredAt }) => answeredAt <= at);
  return changes
    .slice(Math.max(last, 0))
    .filter(({ askedAt }, index) => index === 0 || askedAt <= at)
    .map(({ state }) => state);
}
