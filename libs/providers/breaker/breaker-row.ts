export const breakerStates = ['closed', 'open', 'half_open'] as const;

export type BreakerState = (typeof breakerStates)[number];

/** A provider's breaker as all dispatchers share it. Instants are epoch milliseconds of the database's clock. */
export interface BreakerRow {
  state: BreakerState;
  reason: string | null;
  retryAt: number | null;
  probeOwner: string | null;
  failedProbes: number;
  /** It is closed, and those over whose answers it had opened were wrong: others were served all the same. */
  refuted: boolean;
  /** Milliseconds that those who were answered alike were told to wait, 0 without a word; null while it is closed. */
  askedForMs: number | null;
  /** Grows with each change. */
  version: number;
}

export const breakerColumns = `p.breaker AS state, p.reason, extract(epoch FROM p.retry_at)::float8 * 1000 AS "retryAt",
      p.probe_owner AS "probeOwner", p.failed_probes AS "failedProbes",
      extract(epoch FROM p.paused_for)::float8 * 1000 AS "askedForMs", p.version, p.refuted`;

/** Why sending stops, and for how long. */
export interface Pause<Reason = string> {
  reason: Reason;
  /** Milliseconds until the next probe. */
  retryInMs: number;
  /** Milliseconds that those who were answered alike were told to wait; 0 without a word. */
  askedForMs?: number;
}
